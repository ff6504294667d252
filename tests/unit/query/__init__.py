"""query-transactions, piece by piece."""
