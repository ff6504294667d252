"""The commands, one file each: read the options, call the part that does the work, print."""
