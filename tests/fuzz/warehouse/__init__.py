"""Random expressions in the embedded warehouse and in a real PostgreSQL, which shares Redshift's ancestor."""
