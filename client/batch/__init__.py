"""The batch path from the command line: files into the raw zone, and their outcome."""
