"""Fraud detection's state and its alerts: what surrounds `fraud/` in the function detect-fraud."""
