"""Opens the analysts' page: its packages, its server, its address."""
