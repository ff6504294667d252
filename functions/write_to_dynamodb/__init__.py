"""write-to-dynamodb: transactions into the table."""
