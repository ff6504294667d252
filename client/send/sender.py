"""The sending itself: batches go out on several threads, and what comes back is written down in one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

from client.send.api import Api, Failure
from client.send.batch import Batch
from client.send.journal import Findings, Journal
from client.send.pace import Pace
from client.send.rejected import RejectedRows
from client.send.source import Row, Source

_AHEAD = 4  # batches under way or waiting to be written down, per worker: bounds memory


@dataclass
class Counts:
    """What became of the rows so far. Only what is acknowledged is counted."""

    rows: int = 0
    skipped: int = 0  # acknowledged in an earlier run
    accepted: int = 0  # with those of the earlier run
    rejected: int = 0
    resent: int = 0  # acknowledged by the API as known already
    failure: Failure | None = None


@dataclass
class Sender:
    """One run over one source."""

    source: Source
    api: Api
    journal: Journal
    rejected: RejectedRows
    batch_size: int
    workers: int
    rate: float | None = None  # rows per second at most
    resume: bool = False
    stop: Event = field(default_factory=Event)
    progress: Callable[[Counts], None] = lambda counts: None
    counts: Counts = field(default_factory=Counts)

    def run(self) -> Counts:
        """Send all rows; on a failure or an interruption, first wait for what is under way and write it down."""
        under_way: deque[tuple[Future[Failure | None], Batch]] = deque()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="send")
        try:
            pace = Pace(self.rate, self.stop.wait)
            for batch in self._batches():
                if not pace.admit(len(batch.rows)):
                    break
                under_way.append((pool.submit(self.api.send, batch), batch))
                while len(under_way) >= self.workers * _AHEAD:
                    self._collect(under_way)
                if self.counts.failure:
                    break
            while under_way:
                self._collect(under_way)
        except BaseException:
            self.stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for future, batch in under_way:
                if not future.cancelled():
                    self._write_down(batch, future)
        return self.counts

    def _collect(self, under_way: deque[tuple[Future[Failure | None], Batch]]) -> None:
        """Wait for the oldest batches, write down what is finished, in the order of the file."""
        wait([under_way[0][0]], return_when=FIRST_COMPLETED)
        while under_way and under_way[0][0].done():
            future, batch = under_way.popleft()
            self._write_down(batch, future)

    def _write_down(self, batch: Batch, future: Future[Failure | None]) -> None:
        failure = future.result()
        for begin, end in batch.runs():
            self.journal.record(batch.first + begin, batch.ids[begin:end], batch.findings[begin:end])
        for row, done, identity, findings in zip(
            batch.rows, batch.acknowledged, batch.ids, batch.findings, strict=True
        ):
            if done and identity is None:
                self.rejected.add(row, findings)
                self.counts.rejected += 1
            elif done:
                self.counts.accepted += 1
        self.counts.resent += batch.resent
        if failure and not self.counts.failure:
            self.counts.failure = failure
            self.stop.set()  # the other batches end at their next failure; none is begun
        self.progress(self.counts)

    def _batches(self) -> Iterator[Batch]:
        """Consecutive rows that are to be sent, in batches."""
        known = self._known() if self.resume else iter(())
        begin, end = next(known, (-1, -1))
        findings = self.journal.rejected() if self.resume else iter(())
        refused = next(findings, None)
        rows: list[Row] = []
        for row in self.source:
            self.counts.rows += 1
            while begin >= 0 and row.number >= end:
                begin, end = next(known, (-1, -1))
            if begin <= row.number < end:
                if rows:
                    yield Batch(self.source.columns, rows)
                    rows = []
                refused = self._skip(row, refused, findings)
                continue
            rows.append(row)
            if len(rows) == self.batch_size:
                yield Batch(self.source.columns, rows)
                rows = []
        if rows:
            yield Batch(self.source.columns, rows)

    def _known(self) -> Iterator[tuple[int, int]]:
        """The journal's ranges as they were at the start; batches that touch are one."""
        merged: list[tuple[int, int]] = []
        for begin, end in self.journal.covered():
            if merged and merged[-1][1] == begin:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((begin, end))
        return iter(merged)

    def _skip(
        self, row: Row, refused: tuple[int, Findings] | None, findings: Iterator[tuple[int, Findings]]
    ) -> tuple[int, Findings] | None:
        """Count a row of an earlier run; a rejected one goes to this run's file as well."""
        self.counts.skipped += 1
        if refused is None or refused[0] != row.number:
            self.counts.accepted += 1
            return refused
        self.counts.rejected += 1
        self.rejected.add(row, refused[1])
        return next(findings, None)
