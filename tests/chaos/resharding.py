"""Splits, merges and scales the stream while a scenario sends, as an operator or an on-demand stream would."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from botocore.exceptions import ClientError

MOST_SHARDS = 6
ACTIVE_SECONDS = 30.0
# The stream is changing already, a quota is reached, or it has one shard only: another change may be possible.
_NOT_NOW = {"ResourceInUseException", "LimitExceededException", "InvalidArgumentException"}


class Resharding:
    """One stream."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self._kinesis, self._stream = kinesis, stream

    def run(self, changes: list[str], random: Random) -> list[str]:
        """Carry out changes (split, merge, scale), one after the other; give those that were made."""
        done = []
        for change in changes:
            time.sleep(random.uniform(0.05, 0.4))
            self._wait_until_active()
            try:
                if made := self._change(change, random):
                    done.append(made)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NOT_NOW:
                    raise
        self._wait_until_active()
        return done

    def open_shards(self) -> list[dict[str, Any]]:
        """The open shards, ordered by hash key."""
        found = self._kinesis.list_shards(StreamName=self._stream, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        return sorted(found, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def _change(self, change: str, random: Random) -> str:
        shards = self.open_shards()
        if change == "scale":
            target = random.choice([n for n in range(1, MOST_SHARDS + 1) if len(shards) / 2 <= n <= 2 * len(shards)])
            self._kinesis.update_shard_count(
                StreamName=self._stream, TargetShardCount=target, ScalingType="UNIFORM_SCALING"
            )
            return f"scaled from {len(shards)} to {target}"
        if (change == "merge" and len(shards) > 1) or len(shards) >= MOST_SHARDS:
            at = random.randrange(len(shards) - 1)
            one, other = (shard["ShardId"] for shard in shards[at : at + 2])
            self._kinesis.merge_shards(StreamName=self._stream, ShardToMerge=one, AdjacentShardToMerge=other)
            return f"merged {one} and {other}"
        shard = random.choice(shards)
        start, end = (int(shard["HashKeyRange"][f"{name}HashKey"]) for name in ("Starting", "Ending"))
        middle = start + (end - start) * random.randint(1, 9) // 10
        self._kinesis.split_shard(
            StreamName=self._stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle)
        )
        return f"split {shard['ShardId']}"

    def _wait_until_active(self) -> None:
        deadline = time.monotonic() + ACTIVE_SECONDS
        while time.monotonic() < deadline:
            summary = self._kinesis.describe_stream_summary(StreamName=self._stream)["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                return
            time.sleep(0.1)
        raise AssertionError(f"{self._stream} is not active after {ACTIVE_SECONDS:.0f} s")
