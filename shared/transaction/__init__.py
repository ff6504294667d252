"""What a transaction is: its definition, its checks, its ids and its wire format. Knows no AWS."""
