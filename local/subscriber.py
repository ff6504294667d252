"""Reads a shard as a consumer with enhanced fan-out: SubscribeToShard's events, taken in by a thread of their own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from local.clients import error_code
from local.kinesis_reader import AFTER, AT_TIMESTAMP, Position, Read, ShardGoneError, record_of
from local.retry import FIRST_SECONDS, backoff

MOST_EVENTS = 4  # that wait to be read: 1 MiB each at most; a subscription that is not read is not sent more
_IN_USE = "ResourceInUseException"  # the last subscription was made less than five seconds ago


class ShardSubscriber:
    """Reads on from a position, in order and without gaps, as ShardReader does; subscribes again when that ends.

    `client` is called for each subscription. `close` ends the thread.
    """

    def __init__(self, client: Callable[[], Any], consumer_arn: str, shard_id: str, position: Position) -> None:
        self._client, self._consumer_arn, self._shard_id = client, consumer_arn, shard_id
        self._position = position
        self._events: queue.Queue[dict[str, Any] | Exception] = queue.Queue(MOST_EVENTS)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.closed = False

    def read(self) -> Read:
        """What has come since the last read; does not wait. Raises ShardGoneError, ClientError, BotoCoreError."""
        if self.closed:
            return Read([], closed=True)
        if self._thread is None:
            self._thread = threading.Thread(target=self._take_in, name=f"{self._shard_id}/subscription", daemon=True)
            self._thread.start()
        try:
            event = self._events.get_nowait()
        except queue.Empty:
            return Read([], closed=False)
        if isinstance(event, Exception):
            self._thread = None  # it has ended; the next read begins another one
            if isinstance(event, ClientError) and error_code(event) == "ResourceNotFoundException":
                raise ShardGoneError(f"{self._consumer_arn} {self._shard_id}: {event}") from event
            raise event
        self.closed = "ChildShards" in event
        return Read([record_of(item) for item in event["Records"]], self.closed)

    def close(self) -> None:
        """Take in no more."""
        self._stopping.set()

    def _take_in(self) -> None:
        refused = 0
        while not self._stopping.is_set():
            try:
                if self._follow():
                    return
                refused = 0
            except (ClientError, BotoCoreError) as error:
                if not isinstance(error, ClientError) or error_code(error) != _IN_USE:
                    self._put(error)
                    return
                refused += 1
                self._stopping.wait(backoff(refused, most=1.0))

    def _follow(self) -> bool:
        """One subscription, to its end; True when that is the shard's."""
        answer = self._client().subscribe_to_shard(
            ConsumerARN=self._consumer_arn, ShardId=self._shard_id, StartingPosition=_starting(self._position)
        )
        try:
            for message in answer["EventStream"]:
                event: dict[str, Any] = message["SubscribeToShardEvent"]
                self._put(event)
                if event["Records"]:
                    self._position = Position(AFTER, event["Records"][-1]["SequenceNumber"])
                if "ChildShards" in event:
                    return True
                if self._stopping.is_set():
                    break
        except HTTPError:  # cut off; whether the service is there, the next subscription finds out
            self._stopping.wait(FIRST_SECONDS)
        finally:
            answer["EventStream"].close()
        return False

    def _put(self, event: dict[str, Any] | Exception) -> None:
        while not self._stopping.is_set():
            try:
                self._events.put(event, timeout=0.5)
                return
            except queue.Full:
                continue


def _starting(position: Position) -> dict[str, Any]:
    kind, value = position
    if kind == AFTER:
        return {"Type": kind, "SequenceNumber": value}
    if kind == AT_TIMESTAMP:
        return {"Type": kind, "Timestamp": float(value)}
    return {"Type": kind}
