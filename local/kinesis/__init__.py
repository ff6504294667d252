"""Kinesis Data Streams as on AWS, in the place of MiniStack's: records on disk, closed shards readable, resharding.

`sequence` and `shards` are pure; `store` keeps records and streams in SQLite; `reading`, `writing`, `resharding` and
`describing` are the operations; `install` puts them into MiniStack.
"""
