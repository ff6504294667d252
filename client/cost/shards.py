"""How many shards a rate takes: Kinesis's limits of a shard, applied to counted bytes and records.

https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WRITE_BYTES_PER_SECOND = 1024 * 1024
RECORDS_PER_SECOND = 1000
READ_BYTES_PER_SECOND = 2 * 1024 * 1024  # of all consumers together, without enhanced fan-out


@dataclass(frozen=True)
class Load:
    """What a transaction puts on the stream, on average; `consumers` read all of it."""

    bytes: float
    records: float
    consumers: int

    def per_shard(self) -> dict[str, float]:
        """Transactions per second that one shard carries, by limit."""
        limits = {
            "write, 1 MB/s": WRITE_BYTES_PER_SECOND / self.bytes,
            "write, 1,000 records/s": RECORDS_PER_SECOND / self.records,
        }
        if self.consumers:
            limits[f"read by {self.consumers}, 2 MB/s"] = READ_BYTES_PER_SECOND / (self.bytes * self.consumers)
        return limits

    def shards(self, rate: float) -> int:
        """Shards for a rate of transactions per second; partitions are evenly spread over at most 32."""
        return max(1, math.ceil(rate / min(self.per_shard().values())))
