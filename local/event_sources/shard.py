"""The state of one shard of one mapping: its lanes, and how far it is done. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from local.event_sources.lane import Action, Lane
from local.event_sources.model import Rules
from local.event_sources.response import Outcome
from local.kinesis_reader import Record

# What may be read ahead, and how far a stuck lane may fall behind the others.
MOST_PENDING_BYTES = 12 * 1024 * 1024
MOST_TRACKED_RECORDS = 50_000


class Shard:
    """Feed it records in shard order, do its actions, report back; `checkpoint` is what may be made durable.

    `checkpoint` is the highest sequence number up to which every record is done (or None): after a crash, reading goes
    on behind it, so that each record is processed at least once.
    """

    def __init__(
        self, rules: Rules, size_of: Callable[[Record], int], room: int, checkpoint: str | None = None
    ) -> None:
        self.rules = rules
        self.checkpoint = checkpoint
        self._lanes = [Lane(number, rules, size_of, room) for number in range(rules.parallelization)]
        self._tracked: dict[str, bool] = {}
        self._pending_bytes = 0
        self._pending = 0

    def feed(self, records: Iterable[Record], now: float) -> None:
        """Add records, just read, in the order of the shard."""
        for record in records:
            self._tracked[record.sequence_number] = False
            self._pending += 1
            self._pending_bytes += len(record.data)
            self._lanes[self._lane_of(record.partition_key)].add(record, now)

    def actions(self, now: float) -> list[Action]:
        """Everything that can be started now; one per lane at most."""
        return [action for lane in self._lanes if (action := lane.next_action(now)) is not None]

    def report(self, lane: int, outcome: Outcome, now: float) -> bool:
        """Take in an invocation's outcome; True when the checkpoint moved."""
        return self._done(self._lanes[lane].report(outcome, now))

    def discarded(self, lane: int) -> bool:
        """Take in that a discard is delivered; True when the checkpoint moved."""
        return self._done(self._lanes[lane].discarded())

    def due(self, now: float) -> float | None:
        """When there will be something to do without anything else happening."""
        return min((due for lane in self._lanes if (due := lane.due(now)) is not None), default=None)

    @property
    def wants_records(self) -> bool:
        """False while enough is read ahead."""
        return (
            self._pending < 2 * self.rules.batch_size * self.rules.parallelization
            and self._pending_bytes < MOST_PENDING_BYTES
            and len(self._tracked) < MOST_TRACKED_RECORDS
        )

    @property
    def busy(self) -> bool:
        """True while an action is out."""
        return any(lane.busy for lane in self._lanes)

    @property
    def drained(self) -> bool:
        """True when every record that was fed is done."""
        return not self._tracked

    def _done(self, records: Iterable[Record]) -> bool:
        for record in records:
            self._tracked[record.sequence_number] = True
            self._pending -= 1
            self._pending_bytes -= len(record.data)
        before = self.checkpoint
        while self._tracked:
            oldest = next(iter(self._tracked))
            if not self._tracked[oldest]:
                break
            del self._tracked[oldest]
            self.checkpoint = oldest
        return self.checkpoint != before

    def _lane_of(self, partition_key: str) -> int:
        if len(self._lanes) == 1:
            return 0
        digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest, "big") % len(self._lanes)
