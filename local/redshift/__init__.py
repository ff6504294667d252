"""The Redshift Data API for one laptop: AWS's wire protocol over DuckDB, with Redshift's SQL, COPY and IAM checks."""
