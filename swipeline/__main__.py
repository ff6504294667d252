"""`python -m swipeline`."""

from swipeline import main

main()
