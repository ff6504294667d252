"""The sending itself: a card's rows go out on one worker, in the order of the file; what comes back is written down."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from queue import SimpleQueue
from threading import Event

from client.errors import ClientError
from client.files.convert import CARD
from client.files.row import Row
from client.files.table import Table
from client.send.api import Api, Failure
from client.send.batch import Batch
from client.send.journal import Findings, Journal
from client.send.pace import Pace
from client.send.rejected import RejectedRows
from shared.card_numbers.search import plain

_AHEAD = 3  # batches under way or waiting, per worker: bounds memory


@dataclass
class Counts:
    """Outcomes of the rows so far. Only what is acknowledged is counted."""

    rows: int = 0
    skipped: int = 0  # acknowledged in an earlier run
    accepted: int = 0  # with those of the earlier run
    rejected: int = 0
    resent: int = 0  # acknowledged by the API as known already
    failure: Failure | None = None


@dataclass(frozen=True)
class Done:
    """A batch that a worker has no more to do with. `attempted`: false if none of it was sent."""

    worker: Worker
    batch: Batch
    attempted: bool = True
    failure: Failure | None = None
    error: BaseException | None = None


class Worker(threading.Thread):
    """Sends the batches that it is given, one after the other; after `stop`, or a failure, none is started."""

    def __init__(self, api: Api, done: SimpleQueue[Done], stop: Event) -> None:
        super().__init__(name="send", daemon=True)
        self.under_way = 0  # batches given and not yet done; for the one who gives them
        self._api, self._done, self._stop_sending = api, done, stop
        self._given: SimpleQueue[Batch | None] = SimpleQueue()

    def give(self, batch: Batch) -> None:
        """Send a batch after those before it."""
        if self.ident is None:
            self.start()
        self.under_way += 1
        self._given.put(batch)

    def end(self) -> None:
        """End after the batches given so far."""
        self._given.put(None)

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end, if there was a beginning."""
        if self.ident is not None:
            super().join(timeout)

    def run(self) -> None:
        while (batch := self._given.get()) is not None:
            self._done.put(self._send(batch))

    def _send(self, batch: Batch) -> Done:
        if self._stop_sending.is_set():
            return Done(self, batch, attempted=False)
        try:
            failure = self._api.send(batch)
        except BaseException as error:  # noqa: BLE001  # raised again by the one who waits for it
            failure, done = None, Done(self, batch, error=error)
        else:
            done = Done(self, batch, failure=failure)
        if failure or done.error:
            self._stop_sending.set()  # the other workers end at their next failure; no batch is started
        return done


@lru_cache(1 << 16)  # a file has far fewer cards than rows
def worker_of(card: str | None, workers: int) -> int:
    """The worker that a card's rows go to: the same for every form of its number, in every run."""
    text = plain((card or "").strip())
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % workers


@dataclass
class Sender:
    """One run over one source."""

    source: Table
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
    unread: str = ""  # why the rest of the source cannot be read

    def run(self) -> Counts:
        """Send all rows; on a failure or an interruption, first wait for what is under way and write it down.

        Sending has a thread of its own: Ctrl+C reaches the main thread alone, so it never comes between an
        acknowledgment and its journal entry.
        """
        with ThreadPoolExecutor(1, "sender") as sender:
            sending = sender.submit(self._send)
            try:
                return sending.result()
            except BaseException:
                self.stop.set()
                raise

    def _send(self) -> Counts:
        """Give the batches to the workers and write down what comes back.

        A card's rows meet in one worker, which has one request under way: they reach the stream in the order of the
        file, however many workers there are, whatever has to be sent again.
        """
        done: SimpleQueue[Done] = SimpleQueue()
        batches = self._batches()
        workers = [Worker(self.api, done, self.stop) for _ in range(self.workers)]
        try:
            pace = Pace(self.rate, self.stop.wait)
            for number, batch in batches:
                while workers[number].under_way >= _AHEAD:
                    self._write_down(done.get())
                if self.counts.failure or self.stop.is_set() or not pace.admit(len(batch.rows)):
                    break
                workers[number].give(batch)
                while not done.empty():
                    self._write_down(done.get())
            while any(worker.under_way for worker in workers):
                self._write_down(done.get())
        except BaseException:
            self.stop.set()
            raise
        finally:
            for worker in workers:
                worker.end()
            for worker in workers:
                worker.join()
            while not done.empty():
                # Whatever goes wrong here went wrong before: each acknowledged batch is in the journal all the same.
                with suppress(ClientError):
                    self._write_down(done.get())
        if self.unread and not self.counts.failure:
            self.counts.failure = Failure(self.unread, fatal=True)
        elif self.counts.failure:
            self._count_rest()
        return self.counts

    def _write_down(self, done: Done) -> None:
        done.worker.under_way -= 1
        if done.error:
            raise done.error
        if not done.attempted:
            return
        batch = done.batch
        settled = [i for i, acknowledged in enumerate(batch.acknowledged) if acknowledged]
        findings = {new: batch.findings[i] for new, i in enumerate(settled) if i in batch.findings}
        self.journal.record([batch.rows[i].number for i in settled], [batch.ids[i] for i in settled], findings)
        self.counts.accepted += len(settled) - len(findings)
        for new, reasons in findings.items():
            self.rejected.add(batch.rows[settled[new]], reasons)
            self.counts.rejected += 1
        self.counts.resent += batch.resent
        if done.failure and not self.counts.failure:
            self.counts.failure = done.failure
        self.progress(self.counts)

    def _batches(self) -> Iterator[tuple[int, Batch]]:
        """Rows that are to be sent, in full batches of cards that share a worker; with the worker's number."""
        known = self._known() if self.resume else iter(())
        begin, end = next(known, (-1, -1))
        findings = self.journal.rejected() if self.resume else iter(())
        refused = next(findings, None)
        plan = self.source.plan
        card_of = plan.getter(CARD)
        gathered: list[list[Row]] = [[] for _ in range(self.workers)]
        self._source_rows = self._rows()
        for row in self._source_rows:
            self.counts.rows += 1
            while begin >= 0 and row.number >= end:
                begin, end = next(known, (-1, -1))
            if begin <= row.number < end:
                refused = self._skip(row, refused, findings)
                continue
            number = worker_of(card_of(row), self.workers)
            gathered[number].append(row)
            if len(gathered[number]) == self.batch_size:
                yield number, Batch(plan.targets, gathered[number], plan.indexes)
                gathered[number] = []
        for number, rows in enumerate(gathered):
            if rows:
                yield number, Batch(plan.targets, rows, plan.indexes)

    def _rows(self) -> Iterator[Row]:
        """The source's rows, as far as it can be read: what was read by then is sent all the same."""
        try:
            yield from self.source
        except ClientError as error:
            self.unread = str(error)

    def _count_rest(self) -> None:
        """Count the rows of a file that were not read when sending stopped: each row is accounted for."""
        if self.source.content.again:
            for _ in self._source_rows:
                self.counts.rows += 1

    def _known(self) -> Iterator[tuple[int, int]]:
        """The journal's ranges as they were at the start."""
        return iter(list(self.journal.covered()))

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
