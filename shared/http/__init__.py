"""Requests of the API: who sends them, and their bodies."""
