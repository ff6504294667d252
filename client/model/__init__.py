"""Champion and challenger: compared on later history, exchanged by a person."""
