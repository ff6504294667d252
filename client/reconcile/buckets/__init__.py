"""Stores against each other, without journals: counts and checksums per bucket, ids only where those differ."""
