"""The Spark session and its settings, the same on Glue and on a laptop."""

from __future__ import annotations

from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # Glue and Spark write INT96 otherwise, a type that Parquet gave up.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "snappy",
    # A block takes one core some seconds to parse: small ones spread evenly, and a lost one is soon done again.
    "spark.sql.files.maxPartitionBytes": str(32 * 1024 * 1024),
    "spark.sql.execution.arrow.maxRecordsPerBatch": "5000",
    "spark.sql.adaptive.enabled": "true",
    # Each run writes a folder of its own, whole.
    "spark.sql.sources.partitionOverwriteMode": "static",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def session(name: str, **more: str) -> SparkSession:
    """Make the session, or take Glue's own, with our settings; ``more`` as Spark names them, ``.`` written as ``_``."""
    builder = SparkSession.builder.appName(name)
    for key, value in (SETTINGS | {key.replace("_", "."): value for key, value in more.items()}).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
