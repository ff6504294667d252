"""write-to-kinesis: the edge, where a request becomes records on the stream."""
