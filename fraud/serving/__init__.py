"""Fraud detection on the stream: what reads and writes AWS."""
