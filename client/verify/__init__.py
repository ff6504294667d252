"""The acceptance test of a stage: what must be there, and whether a transaction gets through every hop."""
