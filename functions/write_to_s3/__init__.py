"""write-to-s3: transactions into the lake, bad lines into quarantine."""
