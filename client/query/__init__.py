"""Reading transactions back through the API."""
