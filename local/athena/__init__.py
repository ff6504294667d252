"""Athena for the laptop: SELECT in Trino's dialect over the Glue catalog's tables, run by DuckDB.

It takes the place of MiniStack's engine, which runs DuckDB's dialect, reads any file and asks IAM nothing.
"""
