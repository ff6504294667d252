"""What could not be processed, wherever it was put: list it, look at it, send it through again."""
