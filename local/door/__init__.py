"""The front door of every local server: which hosts and origins may call, and whether a signature holds."""
