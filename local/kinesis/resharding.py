"""SplitShard, MergeShards, UpdateShardCount and UpdateStreamMode, with AWS's conditions and quotas.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
"""

from __future__ import annotations

import copy
import sqlite3
from typing import Any

from local.kinesis.shards import hash_range, is_open, merge, open_shards, scale, split
from local.kinesis.store import Scope, Stream
from local.kinesis.streams import RESHARD_SECONDS, RefusedError, Streams, now

SHARDS_PER_ACCOUNT = 20_000  # AWS's default in us-east-1
MOST_SHARDS_BY_SCALING = 10_000
SCALINGS_PER_DAY = 10
_DAY = 86_400_000_000


class Resharding:
    """The operations that change which shards a stream has. The records stay where they are."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def split_shard(self, data: dict[str, Any]) -> dict[str, Any]:
        scope, stream = self._changeable(data, "SplitShard")
        name, at = data.get("ShardToSplit"), str(data.get("NewStartingHashKey", ""))
        shard = self._streams.shard(stream, name)
        self._must_be_open(stream, str(name))
        if not at.isascii() or not at.isdecimal():
            raise RefusedError("ValidationException", "NewStartingHashKey must be a number")
        keys = hash_range(shard)
        if not keys.start + 1 < int(at) < keys.stop - 1:
            raise RefusedError(
                "InvalidArgumentException",
                f"NewStartingHashKey {at} used in SplitShard() on shard {name} in stream {scope[2]} under account"
                f" {scope[0]} is not both greater than one plus the shard's StartingHashKey {keys.start} and less than"
                f" the shard's EndingHashKey {keys.stop - 1}.",
            )
        self._must_fit(scope, 1)
        shards = copy.deepcopy(stream["shards"])
        split(shards, str(name), int(at), now())
        self._change(scope, stream, shards=shards)
        return {}

    def merge_shards(self, data: dict[str, Any]) -> dict[str, Any]:
        scope, stream = self._changeable(data, "MergeShards")
        names = [str(data.get("ShardToMerge")), str(data.get("AdjacentShardToMerge"))]
        one, other = (hash_range(self._streams.shard(stream, name)) for name in names)
        for name in names:
            self._must_be_open(stream, name)
        if one.stop != other.start and other.stop != one.start:
            raise RefusedError(
                "InvalidArgumentException",
                f"Shards {names[0]} and {names[1]} in stream {scope[2]} under account {scope[0]} are not an adjacent"
                " pair of shards eligible for merging",
            )
        shards = copy.deepcopy(stream["shards"])
        merge(shards, names[0], names[1], now())
        self._change(scope, stream, shards=shards)
        return {}

    def update_shard_count(self, data: dict[str, Any]) -> dict[str, Any]:
        scope, stream = self._changeable(data, "UpdateShardCount")
        target, current = data.get("TargetShardCount"), len(open_shards(stream["shards"]))
        if not isinstance(target, int) or target < 1:
            raise RefusedError("ValidationException", "TargetShardCount must be 1 or more")
        if data.get("ScalingType", "UNIFORM_SCALING") != "UNIFORM_SCALING":
            raise RefusedError("ValidationException", "ScalingType must be UNIFORM_SCALING")
        counts = f"Current open shard count: {current}, Target shard count: {target}"
        if target > 2 * current:
            raise RefusedError(
                "InvalidArgumentException",
                f"UpdateShardCount cannot scale up over double your current open shard count. {counts}",
            )
        if 2 * target < current:
            raise RefusedError(
                "InvalidArgumentException",
                f"UpdateShardCount cannot scale down below half your current open shard count. {counts}",
            )
        if target > MOST_SHARDS_BY_SCALING:
            raise RefusedError("LimitExceededException", f"Target shard count cannot be greater than 10000. {counts}")
        recent = [at for at in stream.get("scaled_at", []) if at > now() - _DAY]
        if len(recent) >= SCALINGS_PER_DAY:
            raise RefusedError(
                "LimitExceededException",
                f"UpdateShardCount can be called {SCALINGS_PER_DAY} times per rolling 24-hour period per stream",
            )
        self._must_fit(scope, target - current)
        self.scale_to(scope, stream, target, scaled_at=[*recent, now()])
        answer = {"StreamName": scope[2], "CurrentShardCount": current, "TargetShardCount": target}
        return {**answer, "StreamARN": stream["StreamARN"]}

    def scale_to(self, scope: Scope, stream: Stream, target: int, **noted: Any) -> None:
        """Give a stream ``count`` equal shards."""
        shards = copy.deepcopy(stream["shards"])
        scale(shards, target, now())
        self._change(scope, stream, shards=shards, **noted)

    def update_stream_mode(self, data: dict[str, Any]) -> dict[str, Any]:
        scope, stream = self._streams.find(data)
        mode = (data.get("StreamModeDetails") or {}).get("StreamMode")
        if mode not in ("PROVISIONED", "ON_DEMAND"):
            raise RefusedError("ValidationException", "StreamMode must be PROVISIONED or ON_DEMAND")
        self._must_be_active(scope, stream)
        if mode == stream["StreamModeDetails"]["StreamMode"]:
            raise RefusedError("ValidationException", f"Stream {scope[2]} is already in {mode} mode")
        self._change(scope, stream, StreamModeDetails={"StreamMode": mode})
        return {}

    def _changeable(self, data: dict[str, Any], operation: str) -> tuple[Scope, Stream]:
        scope, stream = self._streams.find(data)
        if stream["StreamModeDetails"]["StreamMode"] == "ON_DEMAND":
            raise RefusedError(
                "ValidationException", f"{operation} is not supported for a stream in ON_DEMAND mode: {scope[2]}"
            )
        self._must_be_active(scope, stream)
        return scope, stream

    def _must_be_active(self, scope: Scope, stream: Stream) -> None:
        status = self._streams.status(stream)
        if status != "ACTIVE":
            raise RefusedError(
                "ResourceInUseException",
                f"Stream {scope[2]} under account {scope[0]} not ACTIVE, instead in state {status}",
            )

    def _must_be_open(self, stream: Stream, name: str) -> None:
        if not is_open(stream["shards"][name]):
            raise RefusedError(
                "ResourceInUseException",
                f"Shard {name} in stream {stream['StreamName']} has already been merged or split, and thus is not"
                " eligible for merging or splitting.",
            )

    def _must_fit(self, scope: Scope, more: int) -> None:
        streams = self._streams.kinesis._streams.values()
        count = sum(len(open_shards(stream["shards"])) for stream in streams)
        if more > 0 and count + more > SHARDS_PER_ACCOUNT:
            raise RefusedError(
                "LimitExceededException",
                f"This request would exceed the shard limit for the account {scope[0]} in {scope[1]}. Current shard"
                f" count for the account: {count}. Limit: {SHARDS_PER_ACCOUNT}. Number of additional shards that would"
                f" have resulted from this request: {more}.",
            )

    def _change(self, scope: Scope, stream: Stream, **new: Any) -> None:
        """Store a change, and only then let it take effect: on a full disk the stream stays as it was."""
        changed = {**stream, **new, "StreamStatus": "UPDATING", "updating_until": now() + int(RESHARD_SECONDS * 1e6)}
        try:
            self._streams.save(scope, changed)
        except sqlite3.OperationalError as error:
            raise RefusedError("InternalFailure", f"the change cannot be stored: {error}", 500) from error
        stream.update(changed)
