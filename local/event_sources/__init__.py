"""The Kinesis event source mapping of AWS Lambda, for an emulator that lacks it. Public AWS APIs only.

`lane`, `shard`, `response`, `event` and `failure_record` are pure and hold the documented behavior; `worker`,
`invoker`, `destination` and `service` are the threads and the AWS calls around them.
"""
