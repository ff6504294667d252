"""Redshift's SQL dialect by list: what is in the table is translated to DuckDB SQL, everything else is refused."""
