"""X-Ray for the embedded AWS: the daemon for functions, the traces, the segments of Lambda and API Gateway."""
