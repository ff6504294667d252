"""SubscribeToShard: a shard's records are pushed over one response, as events, for five minutes.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from local.kinesis import sequence
from local.kinesis.consumers import Consumers
from local.kinesis.describing import child_out
from local.kinesis.reading import Reading, record_out
from local.kinesis.shards import Shard, children, is_open
from local.kinesis.store import Stream
from local.kinesis.streams import RefusedError, Streams, now
from local.kinesis_reader import stream_arn_of

LASTS_SECONDS = 300.0
TAKEOVER_SECONDS = 5.0  # within them, a second subscription is refused; later, it takes the first one over
QUIET_SECONDS = 5.0  # an event comes at least that often, with or without records
LOOK_SECONDS = 0.1
MOST_RECORDS, MOST_BYTES = 10_000, 1024 * 1024  # of an event


class Pace(Protocol):
    """A limit in bytes; `local.shard_limits.Bucket` is one."""

    def has(self, amount: float) -> bool: ...

    def take(self, amount: float) -> None: ...


@dataclass
class _Position:
    """How far a subscription has come; `after` is the store's position behind which it reads on."""

    stream: Stream
    shard_id: str
    after: int


class Subscriptions:
    """The operation, and which subscription of a consumer and shard is the current one."""

    def __init__(self, streams: Streams, consumers: Consumers, reading: Reading) -> None:
        self._streams, self._consumers, self._reading = streams, consumers, reading
        self._current: dict[tuple[str, str], tuple[object, float]] = {}
        self.pace_of: Callable[[str, str], Pace | None] = lambda consumer_arn, shard_id: None

    def subscribe(self, data: dict[str, Any], is_cbor: bool) -> tuple[int, dict[str, str], Any]:
        """MiniStack's answer whose body is sent piece by piece. Raises RefusedError before it begins."""
        from ministack.core.responses import StreamingResponse

        if is_cbor:
            raise RefusedError("InvalidArgumentException", "The embedded Kinesis pushes JSON, not CBOR")
        consumer_arn, shard_id = str(data.get("ConsumerARN") or ""), str(data.get("ShardId") or "")
        starting = data.get("StartingPosition") or {}
        if not consumer_arn or not shard_id or not starting.get("Type"):
            raise RefusedError("InvalidArgumentException", "ConsumerARN, ShardId and StartingPosition are required")
        self._consumers.active(consumer_arn)
        _, stream = self._streams.find({"StreamARN": stream_arn_of(consumer_arn)})
        self._streams.shard(stream, shard_id)
        position = _Position(stream, shard_id, self._reading.position(stream, shard_id, starting))
        started = self._current.get((consumer_arn, shard_id), (None, -TAKEOVER_SECONDS))[1]
        if time.monotonic() - started < TAKEOVER_SECONDS:
            raise RefusedError(
                "ResourceInUseException",
                f"Another active subscription exists for this consumer: {consumer_arn} and shard: {shard_id}",
            )
        mine = object()
        self._current[consumer_arn, shard_id] = mine, time.monotonic()
        pushed = _Pushed(self._streams.kinesis)

        async def run(send: Any, receive: Any) -> None:
            gone = asyncio.create_task(_until_disconnected(receive))
            try:
                await send(pushed.event("initial-response", {}))
                try:
                    await self._push(position, consumer_arn, mine, pushed, send, gone)
                except RefusedError as error:
                    await send(pushed.exception(error))
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                gone.cancel()

        return 200, {"Content-Type": "application/vnd.amazon.eventstream"}, StreamingResponse(run)

    async def _push(
        self, at: _Position, consumer_arn: str, mine: object, pushed: _Pushed, send: Any, gone: asyncio.Task[None]
    ) -> None:
        """Send events until the time is over, the reader has left or the shard is read to its end."""
        until, next_event = time.monotonic() + LASTS_SECONDS, 0.0
        pace = self.pace_of(consumer_arn, at.shard_id)
        while not gone.done() and time.monotonic() < until:
            self._check(at, consumer_arn, mine)
            if pace is None or pace.has(0):
                event, size = self._next(at)
                if pace is not None:
                    pace.take(size)
                if size or "ChildShards" in event or time.monotonic() >= next_event:
                    await send(pushed.event("SubscribeToShardEvent", event))
                    next_event = time.monotonic() + QUIET_SECONDS
                if "ChildShards" in event:
                    return
                if size:
                    await asyncio.sleep(0)
                    continue
            await asyncio.wait({gone}, timeout=LOOK_SECONDS)

    def _check(self, at: _Position, consumer_arn: str, mine: object) -> None:
        if self._consumers.find(consumer_arn) is None:
            raise RefusedError("ResourceNotFoundException", f"Consumer {consumer_arn} not found")
        self._streams.shard(at.stream, at.shard_id)
        if self._current[consumer_arn, at.shard_id][0] is not mine:
            raise RefusedError(
                "ResourceInUseException", f"The subscription to shard {at.shard_id} was taken over by another one"
            )

    def _next(self, at: _Position) -> tuple[dict[str, Any], int]:
        """The next event, and the bytes of its records."""
        shard = self._streams.shard(at.stream, at.shard_id)
        after = max(at.after, self._streams.cutoff(at.stream) - 1)
        rows = self._streams.store.read(shard["table"], after, MOST_RECORDS, MOST_BYTES)
        encryption = at.stream.get("EncryptionType", "NONE")
        if rows:
            at.after = rows[-1].position
        last = self._streams.store.last(shard["table"])
        at_end = at.after >= last or not rows
        event: dict[str, Any] = {
            "Records": [record_out(shard, row, encryption) for row in rows],
            "ContinuationSequenceNumber": _continuation(shard, at.after),
            "MillisBehindLatest": 0 if at_end else max(0, (now() - at.after) // 1000),
        }
        if at_end and not is_open(shard):
            event["ContinuationSequenceNumber"] = None  # which is how a consumer knows the end
            event["ChildShards"] = [child_out(*one) for one in children(at.stream["shards"], at.shard_id)]
        return event, sum(len(row.data) + len(row.partition_key.encode()) for row in rows)


class _Pushed:
    """The events in the form of application/vnd.amazon.eventstream, which MiniStack frames."""

    def __init__(self, kinesis: Any) -> None:
        self._frame = kinesis._eventstream_message

    def event(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        return self._message({":message-type": "event", ":event-type": kind}, payload)

    def exception(self, error: RefusedError) -> dict[str, Any]:
        headers = {":message-type": "exception", ":exception-type": error.code}
        return self._message(headers, {"message": str(error)})

    def _message(self, headers: dict[str, str], payload: dict[str, Any]) -> dict[str, Any]:
        body = self._frame(headers | {":content-type": "application/json"}, json.dumps(payload).encode())
        return {"type": "http.response.body", "body": body, "more_body": True}


def _continuation(shard: Shard, after: int) -> str:
    if not after:
        return str(shard["starting_sequence_number"])
    return sequence.of_record(shard["created"], shard["number"], after)


async def _until_disconnected(receive: Any) -> None:
    while (await receive()).get("type") != "http.disconnect":
        pass
