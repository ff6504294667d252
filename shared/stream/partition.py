"""Which partition a card belongs to: the Kinesis partition key, hence the shard and the order of its transactions."""

from __future__ import annotations

PARTITIONS = 32  # the most shards a stream can use; the fewer, the more transactions share one record


def partition_key(card_id: str) -> str:
    """Give the Kinesis partition key ("00".."31") of a card id (32 hex digits). Raises ValueError on anything else."""
    return f"{int(card_id[:8], 16) % PARTITIONS:02d}"
