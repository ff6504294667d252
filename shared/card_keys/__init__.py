"""The keys under which card numbers become card ids."""
