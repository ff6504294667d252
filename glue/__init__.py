"""The batch path's Spark job: CSV files of the raw zone become Parquet that the warehouse loads."""
