"""From records on the stream to DynamoDB, the lake and the quarantine: what the consumers do."""
