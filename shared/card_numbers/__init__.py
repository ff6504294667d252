"""Where a text holds a card number, and how it is masked."""
