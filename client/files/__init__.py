"""The one reader of transaction files: whatever the container, the encoding and the dialect, the same rows."""
