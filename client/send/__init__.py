"""Sending a file: rows are read as they are, posted in batches, and counted when the API has acknowledged them."""
