"""rotate-card-key: the next card key."""
