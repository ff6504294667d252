"""`swipeline inspect`: what a file is, how it would be read, and a mapping for it."""
