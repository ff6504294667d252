"""query-transactions: the read API."""
