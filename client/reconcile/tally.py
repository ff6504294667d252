"""How many transactions a bucket holds, and the sum of their contents' checksums: equal in two stores, so are they."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

# 48 bits: different contents of a bucket that are as many have the same sum with a chance of 2^-48. Redshift computes
# the same with STRTOL(LEFT(MD5(...), 12), 16), which must stay within its BIGINT.
CHECKSUM_DIGITS = 12


class Count(NamedTuple):
    """Records of a bucket, and the sum of their checksums."""

    records: int
    checksum: int


def checksum(digest: str) -> int:
    """Give the checksum of a content, by its digest."""
    return int(digest[:CHECKSUM_DIGITS], 16)


class Tally:
    """Counts by bucket."""

    def __init__(self, counts: Mapping[str, Count] | None = None) -> None:
        self._counts = dict(counts or {})

    def add(self, bucket: str, digest: str) -> None:
        """Count one record."""
        records, total = self._counts.get(bucket, (0, 0))
        self._counts[bucket] = Count(records + 1, total + checksum(digest))

    def extend(self, other: Tally) -> None:
        """Count all that another tally counted."""
        for bucket, (records, total) in other._counts.items():
            mine = self._counts.get(bucket, (0, 0))
            self._counts[bucket] = Count(records + mine[0], total + mine[1])

    def records(self) -> int:
        """How many records were counted."""
        return sum(count.records for count in self._counts.values())

    def buckets(self) -> set[str]:
        """Which buckets have any."""
        return set(self._counts)

    def records_in(self, buckets: Iterable[str]) -> int:
        """How many of them in some buckets."""
        return sum(self._counts[bucket].records for bucket in buckets if bucket in self._counts)


def alone(batch: Tally, warehouse: Tally, others: Iterable[Tally]) -> set[str]:
    """Give the buckets that only the batch path has filled, and of which the warehouse has all: no id need be read."""
    same = {bucket for bucket, count in batch._counts.items() if warehouse._counts.get(bucket) == count}
    return same.difference(*(other._counts for other in others))


def differing(tallies: Iterable[Tally]) -> set[str]:
    """Give the buckets that are not the same in all of them."""
    first, *others = (tally._counts for tally in tallies)
    found: set[str] = set()
    for other in others:
        found.update(bucket for bucket, _ in first.items() ^ other.items())
    return found
