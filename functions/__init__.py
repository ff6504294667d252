"""What serves one function alone, in a room of its name."""
