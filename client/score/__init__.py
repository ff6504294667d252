"""Scoring a file or days of the lake, without a stream."""
