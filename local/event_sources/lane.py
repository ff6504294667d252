"""One ordered queue of records and the one batch of it being worked on: batching, retries, bisecting, giving up.

Pure: time is passed in, invocations and deliveries are done by the caller, who reports back. A shard has one lane, or
as many as its parallelization factor; the records of a partition key are always in the same one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from local.event_sources.model import Rules
from local.event_sources.response import Failed, FailedAt, NotInvoked, Outcome, Succeeded
from local.kinesis_reader import Record
from local.retry import backoff

RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
AGE_EXCEEDED = "RecordAgeExceeded"


@dataclass(frozen=True)
class Invoke:
    """Invoke the function with these records."""

    lane: int
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Discard:
    """Give these records up: hand them to the on-failure destination, if there is one."""

    lane: int
    records: tuple[Record, ...]
    condition: str
    invocations: int
    last_error: Outcome | None


Action = Invoke | Discard


@dataclass
class Batch:
    """Records that are invoked together. `failures` counts used attempts, `refusals` failures to invoke in a row."""

    records: tuple[Record, ...]
    failures: int = 0
    refusals: int = 0
    invocations: int = 0
    not_before: float = 0.0
    last_error: Outcome | None = None


class Lane:
    """At most one action at a time is out; `report` or `discarded` must follow before the next."""

    def __init__(self, number: int, rules: Rules, size_of: Callable[[Record], int], room: int) -> None:
        self.number = number
        self.rules = rules
        self._size_of = size_of
        self._room = room
        self._queue: deque[tuple[Record, int, float]] = deque()
        self._batches: deque[Batch] = deque()
        self._out: Action | None = None

    def add(self, record: Record, now: float) -> None:
        """Queue a record read at `now`."""
        self._queue.append((record, self._size_of(record), now))

    @property
    def busy(self) -> bool:
        """True while an action is out."""
        return self._out is not None

    @property
    def empty(self) -> bool:
        return not self._queue and not self._batches

    def next_action(self, now: float) -> Action | None:
        """What to do now, or None. What is too old is given up before anything else."""
        if self._out is not None:
            return None
        if not self._batches and not self._take_batch(now):
            return None
        batch = self._batches[0]
        expired = self._expired(batch, now)
        if expired:
            self._out = Discard(self.number, batch.records[:expired], AGE_EXCEEDED, batch.invocations, batch.last_error)
        elif self._exhausted(batch):
            self._out = Discard(self.number, batch.records, RETRIES_EXHAUSTED, batch.invocations, batch.last_error)
        elif batch.not_before <= now:
            self._out = Invoke(self.number, batch.records)
        return self._out

    def due(self, now: float) -> float | None:
        """When `next_action` will have something without anything else happening; None if it waits for an event."""
        if self._out is not None or self.empty:
            return None
        if self._batches:
            return max(now, self._batches[0].not_before)
        return now if self._is_full() else self._queue[0][2] + self.rules.window_seconds

    def report(self, outcome: Outcome, now: float) -> tuple[Record, ...]:
        """Take in the outcome of the invocation that was out; returns the records that are done by it."""
        if not isinstance(self._out, Invoke):
            raise RuntimeError(f"lane {self.number} has no invocation out")
        self._out = None
        batch = self._batches.popleft()
        if isinstance(outcome, NotInvoked):
            batch.refusals += 1
            batch.not_before = now + backoff(batch.refusals)
            batch.last_error = outcome
            self._batches.appendleft(batch)
            return ()
        batch.refusals = 0
        batch.invocations += 1
        if isinstance(outcome, Succeeded):
            return batch.records
        batch.last_error = outcome
        if isinstance(outcome, FailedAt) and outcome.index > 0:
            return self._keep_the_rest(batch, outcome.index, now)
        self._retry_whole(batch, outcome, now)
        return ()

    def discarded(self) -> tuple[Record, ...]:
        """The discard that was out is delivered; returns its records, which are done by it."""
        if not isinstance(self._out, Discard):
            raise RuntimeError(f"lane {self.number} has no discard out")
        records, self._out = self._out.records, None
        batch = self._batches.popleft()
        if len(records) < len(batch.records):
            batch.records = batch.records[len(records) :]
            self._batches.appendleft(batch)
        return records

    def _take_batch(self, now: float) -> bool:
        if not self._queue or not (self._is_full() or now >= self._queue[0][2] + self.rules.window_seconds):
            return False
        taken: list[Record] = []
        size = 0
        while self._queue and len(taken) < self.rules.batch_size:
            record, record_size, _ = self._queue[0]
            if taken and size + record_size > self._room:
                break
            self._queue.popleft()
            taken.append(record)
            size += record_size
        self._batches.append(Batch(tuple(taken)))
        return True

    def _is_full(self) -> bool:
        if len(self._queue) >= self.rules.batch_size:
            return True
        size = 0
        for _, record_size, _ in self._queue:
            size += record_size
            if size >= self._room:
                return True
        return False

    def _expired(self, batch: Batch, now: float) -> int:
        """How many records at the head of the batch are too old: a shard's records are in the order of their times."""
        if self.rules.max_age_seconds is None:
            return 0
        oldest = now - self.rules.max_age_seconds
        count = 0
        while count < len(batch.records) and batch.records[count].arrived_at < oldest:
            count += 1
        return count

    def _exhausted(self, batch: Batch) -> bool:
        return self.rules.max_retries is not None and batch.failures > self.rules.max_retries

    def _keep_the_rest(self, batch: Batch, index: int, now: float) -> tuple[Record, ...]:
        # A partial success moves the checkpoint. With bisecting on, the batch is split at the returned sequence number,
        # and splitting uses no attempt; without it, the record that is now first has failed once.
        rest = Batch(
            batch.records[index:],
            failures=0 if self.rules.bisect else 1,
            invocations=batch.invocations,
            not_before=now + backoff(1),
            last_error=batch.last_error,
        )
        self._batches.appendleft(rest)
        return batch.records[:index]

    def _retry_whole(self, batch: Batch, outcome: Failed | FailedAt, now: float) -> None:
        if self.rules.bisect and len(batch.records) > 1:
            middle = len(batch.records) // 2
            for half in (batch.records[middle:], batch.records[:middle]):
                # The halves are other batches: they start at once, with the attempts their parent had left.
                self._batches.appendleft(Batch(half, batch.failures, invocations=batch.invocations, last_error=outcome))
            return
        batch.failures += 1
        batch.not_before = now + backoff(batch.failures)
        self._batches.appendleft(batch)
