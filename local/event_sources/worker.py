"""One thread per shard of a mapping: reads, starts what the shard's state asks for, keeps the checkpoint."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.destination import Fate, deliver
from local.event_sources.event import build_event, record_bytes, room_for_records
from local.event_sources.invoker import invoke
from local.event_sources.lane import Action, Discard, Invoke
from local.event_sources.metrics import MappingMetrics
from local.event_sources.model import Mapping
from local.event_sources.response import NotInvoked, Outcome, Succeeded, failed_of
from local.event_sources.shard import Shard
from local.kinesis_reader import Position, ShardGoneError, ShardReader
from local.retry import backoff
from local.shard_limits import paced
from local.subscriber import ShardSubscriber

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# A stream that has been quiet for a while is polled less often; one record brings the quick pace back.
IDLE_POLL_SECONDS = 0.5
IDLE_AFTER_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 1.0
ROUNDS_BETWEEN_ERROR_LOGS = 20
POLLED_EVERY_SECONDS = 5.0  # an empty poll is counted this often
OK, CALL_FAILED = "OK", "PROBLEM: Function call failed"


def cannot_read(stream_arn: str) -> str:
    """LastProcessingResult of a mapping whose role may not read the stream, or whose stream does not answer."""
    return (
        f"PROBLEM: Cannot access stream {stream_arn}. Please ensure the role can perform the GetRecords, "
        "GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in IAM."
    )


@dataclass(frozen=True)
class Services:
    """What a worker needs besides its shard."""

    clients: Clients
    checkpoints: Checkpoints
    metrics: MappingMetrics


class ShardWorker(threading.Thread):
    """Runs until `stop`, or until the shard has ended and all of it is done (`finished`)."""

    def __init__(self, services: Services, mapping: Mapping, role_arn: str, shard_id: str, position: Position) -> None:
        super().__init__(name=f"{mapping.function_name}/{shard_id}", daemon=True)
        self.mapping = mapping
        self.shard_id = shard_id
        self.finished = False
        self._services = services
        self._role_arn = role_arn
        self._shard = Shard(
            mapping.rules,
            size_of=lambda record: record_bytes(record, shard_id, mapping.source_arn, role_arn),
            room=room_for_records(),
        )
        self._reader = self._begin_reading(position)
        self._stopping = threading.Event()
        self._answers: queue.SimpleQueue[tuple[Action, Outcome | None] | None] = queue.SimpleQueue()
        self._next_read = 0.0
        self._last_record = time.time()
        self._read_errors = 0
        self._next_note = 0.0
        self._shard_is_gone = False

    def _begin_reading(self, position: Position) -> ShardReader | ShardSubscriber:
        def kinesis() -> Any:
            return self._services.clients.role("kinesis", self._role_arn)

        if self.mapping.consumer_arn:
            return ShardSubscriber(kinesis, self.mapping.consumer_arn, self.shard_id, position)
        return ShardReader(kinesis, self.mapping.stream_arn, self.shard_id, position)

    def stop(self) -> None:
        """Start nothing more; the thread ends once what is running has answered. `join` waits for it."""
        self._stopping.set()
        self._answers.put(None)

    def run(self) -> None:
        while not self._stopping.is_set() and not self._ended():
            for action in self._shard.actions(time.time()):
                threading.Thread(target=self._carry_out, args=(action,), name=self.name, daemon=True).start()
            self._read_if_due()
            self._take_answers()
        self._reader.close()
        while self._shard.busy and self._take_answer(self._answers.get()):
            pass

    def _ended(self) -> bool:
        if (self._reader.closed or self._shard_is_gone) and self._shard.drained:
            self._services.checkpoints.finish(self.mapping.uuid, self.shard_id)
            self.finished = True
        return self.finished

    def _read_if_due(self) -> None:
        now = time.time()
        if now < self._next_read or not self._shard.wants_records or self._reader.closed or self._shard_is_gone:
            return
        try:
            records = self._reader.read().records
        except ShardGoneError as error:
            log.warning("%s: the shard is gone; unread records are lost: %s", self.name, error)
            self._shard_is_gone = True
            return
        except (ClientError, BotoCoreError) as error:
            self._services.clients.forget_if_stale(self._role_arn, error)
            self._services.checkpoints.report_result(self.mapping.uuid, cannot_read(self.mapping.stream_arn))
            if self._read_errors % ROUNDS_BETWEEN_ERROR_LOGS == 0:
                log.error("%s: read failed, retrying: %s", self.name, error)
            self._read_errors += 1
            self._next_read = now + backoff(self._read_errors)
            return
        if self._read_errors:
            self._services.checkpoints.report_result(self.mapping.uuid, OK)
        self._read_errors = 0
        if records:
            self._services.metrics.polled(self.mapping, len(records))
            self._shard.feed(records, time.time())
            self._last_record = now
            self._next_read = now + self._pause(0.0)
        else:
            idle = now - self._last_record > IDLE_AFTER_SECONDS
            self._note_empty_poll(now)
            self._next_read = now + self._pause(IDLE_POLL_SECONDS if idle else POLL_SECONDS)

    def _pause(self, seconds: float) -> float:
        return seconds if self.mapping.consumer_arn else paced(seconds)  # five reads a second are for who shares them

    def _note_empty_poll(self, now: float) -> None:
        """Count a poll that found nothing as 0, as Lambda does. While a batch is retried its shard is not polled."""
        if self._shard.drained and now >= self._next_note:
            self._next_note = now + POLLED_EVERY_SECONDS
            self._services.metrics.polled(self.mapping, 0)

    def _take_answers(self) -> None:
        now = time.time()
        times = [now + LONGEST_WAIT_SECONDS]
        if (due := self._shard.due(now)) is not None:
            times.append(due)
        if self._shard.wants_records and not self._reader.closed and not self._shard_is_gone:
            times.append(self._next_read)
        try:
            self._take_answer(self._answers.get(timeout=max(0.0, min(times) - now)))
            while True:
                self._take_answer(self._answers.get_nowait())
        except queue.Empty:
            return

    def _take_answer(self, answer: tuple[Action, Outcome | None] | None) -> bool:
        """Take in one answer; None only wakes the thread. False for an action that was cut short by `stop`."""
        if answer is None:
            return True
        action, outcome = answer
        if isinstance(outcome, NotInvoked) and self._stopping.is_set():
            return False
        if isinstance(outcome, NotInvoked) and isinstance(action, Discard):
            raise RuntimeError(f"{self.name}: the on-failure record was neither delivered nor refused")
        if outcome is None:
            moved = self._shard.discarded(action.lane)
        else:
            moved = self._shard.report(action.lane, outcome, time.time())
        if moved and self._shard.checkpoint is not None:
            self._services.checkpoints.advance(self.mapping.uuid, self.shard_id, self._shard.checkpoint)
        return True

    def _carry_out(self, action: Action) -> None:
        # Whatever goes wrong in here, the shard gets an answer: a lane that never hears again would stand still.
        answer: Outcome | None = NotInvoked("stopped, or failed in the poller itself")
        try:
            if isinstance(action, Invoke):
                answer = self._invoke(action)
            else:
                done = deliver(
                    self._services.clients, self.mapping, self._role_arn, self.shard_id, action, self._stopping
                )
                if done is not None:
                    answer = None
                    self._services.metrics.given_up(self.mapping, len(action.records), done is Fate.DELIVERED)
        finally:
            self._answers.put((action, answer))

    def _invoke(self, action: Invoke) -> Outcome:
        mapping, records = self.mapping, action.records
        age = time.time() - records[-1].arrived_at
        payload = build_event(records, self.shard_id, mapping.source_arn, self._role_arn)
        outcome = invoke(self._services.clients, mapping.function_arn, payload, records, mapping.rules.partial_response)
        if not isinstance(outcome, NotInvoked):
            self._services.metrics.age(mapping, age)
            self._services.metrics.invoked(mapping, len(records), failed_of(outcome, len(records)))
        if not self._stopping.is_set():
            result = OK if isinstance(outcome, Succeeded) else CALL_FAILED
            self._services.checkpoints.report_result(mapping.uuid, result)
        level = logging.DEBUG if isinstance(outcome, Succeeded) else logging.WARNING
        log.log(level, "%s: %d records, age %.1f s: %s", self.name, len(records), age, outcome)
        return outcome
