"""The embedded DynamoDB's items on the disk: MiniStack's rules over a SQLite database instead of dictionaries."""
