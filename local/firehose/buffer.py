"""What a delivery stream holds back until it is large or old enough to become one S3 object. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.firehose.transform import Source, opened
from local.kinesis_reader import Record


@dataclass
class Chunk:
    """The content of one S3 object: records of any shards, in the order they were read."""

    started_at: float
    records: list[Source] = field(default_factory=list)
    size: int = 0
    oldest: float = float("inf")
    last: dict[str, str] = field(default_factory=dict)


class Buffer:
    """`add` records; `take` the next chunk once it is due. Chunks come out in order; none is empty, no record is split.

    A chunk's `last` has the last sequence number it holds of each shard: once it is stored, reading may continue there.
    """

    def __init__(self, most_bytes: int, most_seconds: float) -> None:
        self._most_bytes = most_bytes
        self._most_seconds = most_seconds
        self._chunks: list[Chunk] = []

    def add(self, shard_id: str, record: Record, now: float) -> None:
        """Hold back a record read at `now`."""
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is None or (chunk.records and chunk.size + len(record.data) > self._most_bytes):
            chunk = Chunk(started_at=now)
            self._chunks.append(chunk)
        chunk.records += opened(shard_id, record)
        chunk.size += len(record.data)
        chunk.oldest = min(chunk.oldest, record.arrived_at)
        chunk.last[shard_id] = record.sequence_number

    def take(self, now: float) -> Chunk | None:
        """The oldest chunk if it is full or old enough, else None."""
        due = self.due()
        return self._chunks.pop(0) if due is not None and due <= now else None

    def put_back(self, chunk: Chunk) -> None:
        """Return a chunk that could not be stored; it is the next to be taken."""
        self._chunks.insert(0, chunk)

    def due(self) -> float | None:
        """When `take` will give something; None while empty."""
        if not self._chunks:
            return None
        if len(self._chunks) > 1 or self._chunks[0].size >= self._most_bytes:
            return 0.0
        return self._chunks[0].started_at + self._most_seconds

    def since(self) -> float | None:
        """When the oldest chunk was started; None while empty."""
        return self._chunks[0].started_at if self._chunks else None

    @property
    def size(self) -> int:
        """Bytes held back."""
        return sum(chunk.size for chunk in self._chunks)
