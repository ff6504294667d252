"""DescribeStream, DescribeStreamSummary and ListShards with its filters.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.kinesis.shards import Shard, Shards, is_open, open_shards, parents
from local.kinesis.store import Stream
from local.kinesis.streams import RefusedError, Streams

MAX_SHARDS = 10_000
LISTED_SHARDS = 1_000  # where a request sets no limit
DESCRIBED_SHARDS = 100


class Describing:
    """The operations that describe streams and shards."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def describe_stream(self, data: dict[str, Any]) -> dict[str, Any]:
        _, stream = self._streams.find(data)
        start = data.get("ExclusiveStartShardId") or ""
        found = [name for name in sorted(stream["shards"]) if name > start]
        limit = min(data.get("Limit", DESCRIBED_SHARDS), MAX_SHARDS)
        self._streams.status(stream)
        description = self._streams.kinesis._stream_desc({**stream, "shards": {}})
        description |= {
            "Shards": [shard_out(name, stream["shards"][name]) for name in found[:limit]],
            "HasMoreShards": len(found) > limit,
            "EnhancedMonitoring": [{"ShardLevelMetrics": stream.get("ShardLevelMetrics", [])}],
        }
        return {"StreamDescription": description}

    def describe_stream_summary(self, data: dict[str, Any]) -> dict[str, Any]:
        _, stream = self._streams.find(data)
        self._streams.status(stream)
        summary = self._streams.kinesis._stream_desc({**stream, "shards": {}})
        for name in ("Shards", "HasMoreShards"):
            del summary[name]
        consumers = self._streams.kinesis._consumers.values()
        summary |= {
            "EnhancedMonitoring": [{"ShardLevelMetrics": stream.get("ShardLevelMetrics", [])}],
            "OpenShardCount": len(open_shards(stream["shards"])),
            "ConsumerCount": sum(one["StreamARN"] == stream["StreamARN"] for one in consumers),
        }
        return {"StreamDescriptionSummary": summary}

    def list_shards(self, data: dict[str, Any]) -> dict[str, Any]:
        token = data.get("NextToken")
        if token and (data.get("StreamName") or data.get("ExclusiveStartShardId")):
            raise RefusedError("InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
        start, wanted = data.get("ExclusiveStartShardId") or "", data.get("ShardFilter") or {}
        if token:
            named, start, wanted = self._read_token(token)
            data = {**data, "StreamName": named}
        _, stream = self._streams.find(data)
        kept = self._filter(stream, wanted)
        found = [name for name in sorted(stream["shards"]) if name > start and kept(name)]
        limit = data.get("MaxResults", LISTED_SHARDS)
        if not isinstance(limit, int) or not 1 <= limit <= MAX_SHARDS:
            raise RefusedError("ValidationException", f"MaxResults must be between 1 and {MAX_SHARDS}")
        answer: dict[str, Any] = {"Shards": [shard_out(name, stream["shards"][name]) for name in found[:limit]]}
        if len(found) > limit:
            answer["NextToken"] = self._token(stream, found[limit - 1], wanted)
        return answer

    def _token(self, stream: Stream, last: str, wanted: dict[str, Any]) -> str:
        content = self._streams.kinesis.json.dumps([stream["StreamName"], last, wanted])
        return str(self._streams.kinesis._encode_list_shards_token(content))

    def _read_token(self, token: str) -> tuple[str, str, dict[str, Any]]:
        content, code = self._streams.kinesis._decode_list_shards_token(token)
        if code == "ExpiredNextTokenException":
            raise RefusedError(code, "NextToken has expired. Tokens expire after 300 seconds.")
        try:
            name, last, wanted = self._streams.kinesis.json.loads(content)
        except (ValueError, TypeError):
            raise RefusedError("InvalidArgumentException", "Invalid NextToken") from None
        return name, last, wanted

    def _filter(self, stream: Stream, wanted: dict[str, Any]) -> Callable[[str], bool]:
        shards: Shards = stream["shards"]
        kind, oldest = wanted.get("Type", "FROM_TRIM_HORIZON"), self._streams.cutoff(stream)
        if kind == "AFTER_SHARD_ID":
            if not wanted.get("ShardId"):
                raise RefusedError("InvalidArgumentException", "ShardId is required for filter type AFTER_SHARD_ID")
            return lambda name: name > str(wanted["ShardId"])
        if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
            if not isinstance(wanted.get("Timestamp"), int | float):
                raise RefusedError("InvalidArgumentException", f"Timestamp is required for filter type {kind}")
            at = max(oldest, int(wanted["Timestamp"] * 1e6))
            if kind == "FROM_TIMESTAMP":
                return lambda name: is_open(shards[name]) or shards[name]["closed_at"] >= at
            return lambda name: _open_at(shards[name], at)
        if kind == "AT_TRIM_HORIZON":
            return lambda name: _open_at(shards[name], max(oldest, _beginning(shards)))
        if kind == "AT_LATEST":
            return lambda name: is_open(shards[name])
        if kind == "FROM_TRIM_HORIZON":
            return lambda _: True
        raise RefusedError("ValidationException", f"{kind} is not a type of a shard filter")


def shard_out(name: str, shard: Shard) -> dict[str, Any]:
    """A shard as the API describes it."""
    numbers = {"StartingSequenceNumber": shard["starting_sequence_number"]}
    if shard["ending_sequence_number"]:
        numbers["EndingSequenceNumber"] = shard["ending_sequence_number"]
    out: dict[str, Any] = {"ShardId": name, "HashKeyRange": _hash_keys(shard), "SequenceNumberRange": numbers}
    if shard["parent_shard_id"]:
        out["ParentShardId"] = shard["parent_shard_id"]
    if shard["adjacent_parent_shard_id"]:
        out["AdjacentParentShardId"] = shard["adjacent_parent_shard_id"]
    return out


def child_out(name: str, shard: Shard) -> dict[str, Any]:
    """A shard as GetRecords lists it at the end of its parent."""
    return {"ShardId": name, "ParentShards": parents(shard), "HashKeyRange": _hash_keys(shard)}


def _hash_keys(shard: Shard) -> dict[str, str]:
    return {"StartingHashKey": shard["starting_hash_key"], "EndingHashKey": shard["ending_hash_key"]}


def _open_at(shard: Shard, at: int) -> bool:
    return bool(shard["opened_at"] <= at and (is_open(shard) or shard["closed_at"] >= at))


def _beginning(shards: Shards) -> int:
    """When the stream's first shards were opened: nothing was before."""
    return min(shard["opened_at"] for shard in shards.values())
