"""From a request's body to records on the stream: what write-to-kinesis does."""
