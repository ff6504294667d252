"""The streams of MiniStack's Kinesis, kept in step with the store; what every operation begins with."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from local.kinesis.shards import Routes, Shard, forget_expired
from local.kinesis.store import Scope, Store, Stream

RESHARD_SECONDS = 0.5  # a stream is UPDATING that long
_EXPIRE_EVERY_SECONDS = 1.0
_HOUR = 3_600_000_000  # microseconds


class RefusedError(Exception):
    """An operation is answered with an error of the API."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


class Streams:
    """Finds streams and shards as requests name them, and stores what changes of them."""

    def __init__(self, kinesis: Any, store: Store) -> None:
        self.kinesis, self.store = kinesis, store
        self._routes: dict[Scope, Routes] = {}
        self._next_tidying: dict[Scope, float] = {}

    def find(self, data: dict[str, Any]) -> tuple[Scope, Stream]:
        """The stream that a request names. Raises RefusedError (ResourceNotFoundException)."""
        name, stream = self.kinesis._resolve_stream(data)
        if not stream:
            if not name:
                raise RefusedError("InvalidArgumentException", "StreamName and StreamARN are both missing")
            raise RefusedError("ResourceNotFoundException", f"Stream {name} under account {self._account()} not found.")
        scope = self.scope(stream)
        if scope not in self._next_tidying:  # made by CloudFormation
            self.save(scope, stream)
        if time.monotonic() >= self._next_tidying[scope]:
            self._tidy(scope, stream)
        return scope, stream

    def scope(self, stream: Stream) -> Scope:
        """The key of a stream: its account, region and name."""
        _, _, _, region, account, _ = stream["StreamARN"].split(":", 5)
        return account, region, stream["StreamName"]

    def shard(self, stream: Stream, shard_id: Any) -> Shard:
        """A shard of a stream. Raises RefusedError (ResourceNotFoundException)."""
        found: Shard | None = stream["shards"].get(shard_id)
        if found is None:
            raise RefusedError(
                "ResourceNotFoundException",
                f"Could not find shard {shard_id} in stream {stream['StreamName']} under account {self._account()}.",
            )
        return found

    def status(self, stream: Stream) -> str:
        """ACTIVE, or UPDATING for a moment after its shards have changed."""
        if stream["StreamStatus"] == "UPDATING" and now() >= stream.get("updating_until", 0):
            stream["StreamStatus"] = "ACTIVE"
        return str(stream["StreamStatus"])

    def routes(self, scope: Scope, stream: Stream) -> Routes:
        """Where a stream's records go."""
        if scope not in self._routes:
            self._routes[scope] = Routes(stream["shards"])
        return self._routes[scope]

    def cutoff(self, stream: Stream) -> int:
        """The position of the oldest record that a stream may still have."""
        return now() - int(stream["RetentionPeriodHours"]) * _HOUR

    def save(self, scope: Scope, stream: Stream, dropped: Iterable[Shard] = ()) -> None:
        """Store a stream as it is now; the records of `dropped` shards are deleted."""
        self.store.save(scope, stream, [shard["table"] for shard in dropped])
        self._routes.pop(scope, None)
        self._next_tidying.setdefault(scope, 0.0)

    def delete(self, scope: Scope, stream: Stream) -> None:
        """Delete a stream's records and what is known of it."""
        self.store.delete(scope, [shard["table"] for shard in stream["shards"].values() if shard["table"]])
        self._routes.pop(scope, None)
        self._next_tidying.pop(scope, None)

    def _tidy(self, scope: Scope, stream: Stream) -> None:
        self._next_tidying[scope] = time.monotonic() + _EXPIRE_EVERY_SECONDS
        cutoff = self.cutoff(stream)
        if gone := forget_expired(stream["shards"], cutoff):
            self.save(scope, stream, gone)
        expired = [self.store.expire(shard["table"], cutoff) for shard in stream["shards"].values()]
        if gone or any(expired):
            self.store.release_pages()

    def _account(self) -> str:
        return str(self.kinesis.get_account_id())
