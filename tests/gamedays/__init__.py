"""Game days: break one thing, see it on alarm, doctor and console, repair it by the runbook, compare by content."""
