"""Random expressions, evaluated by the embedded warehouse and by a real PostgreSQL, which shares Redshift's ancestor."""
