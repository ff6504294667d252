"""Statements with the rows that Redshift's documentation gives, run through the embedded warehouse's engine."""
