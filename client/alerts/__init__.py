"""Fraud alerts as people read them: the newest, live, what they think of one, and how good they are."""
