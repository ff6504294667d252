"""Measured claims, each with its method."""
