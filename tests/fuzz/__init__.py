"""Schemathesis against the deployed API."""
