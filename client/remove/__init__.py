"""Removes a stage whole: also what `sls remove` leaves or stumbles over."""
