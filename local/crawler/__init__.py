"""The Glue crawler of the embedded AWS: infers tables and partitions of CSV and Parquet files into the catalog.

It follows https://docs.aws.amazon.com/glue/latest/dg/crawler-running.html and /add-classifier.html; what of it is not
supported is refused by name.
"""
