"""Records that `send` did not make, on a stream that is resharded: each ends the same in every store, or set aside."""

from __future__ import annotations

import base64
import json
from typing import Any

from shared.sinks.aggregate import UserRecord
from shared.transaction.codec import encode_line
from tests.chaos.resharding import Resharding
from tests.e2e.stack import Stack, wait_until
from tests.unit.fakes.kpl import aggregate
from tests.unit.fakes.rows import transaction

IDS = [f"other-producer-{number}" for number in range(6)]


def quarantined(stack: Stack, prefix: str) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in stack.objects("QuarantineBucket", prefix)]


def stored(stack: Stack) -> dict[str, list[str]]:
    lake = [
        json.loads(line)["transaction_id"]
        for _, body in stack.objects("LakeBucket", "transactions/")
        for line in body.splitlines()
    ]
    core = stack.sql("SELECT transaction_id FROM core.transaction WHERE transaction_id LIKE 'other-producer-%'")
    return {
        "table": sorted(one for item in stack.items() if (one := item["transaction_id"]["S"]) in IDS),
        "lake": sorted(one for one in lake if one in IDS),
        "warehouse": sorted(one for (one,) in core),
    }


def test_rows_behind_junk_and_in_aggregates_are_in_every_store_and_the_junk_is_in_quarantine(stack: Stack) -> None:
    kinesis, name = stack.client("kinesis"), stack.outputs["StreamName"]
    good = [encode_line(transaction(9000 + number, trans_num=one)) for number, one in enumerate(IDS)]
    junk = [b"junk without a newline", b"\xff\x00 more junk"]
    inner = [UserRecord("07", None, good[3][:-1]), UserRecord("09", "7", junk[1]), UserRecord("07", None, good[4])]

    def put(data: bytes, key: str = "00") -> None:
        kinesis.put_record(StreamName=name, Data=data, PartitionKey=key)

    put(junk[0])
    put(good[0] + good[1])
    put(good[2][:-1])
    stream = Resharding(kinesis, name)
    first = stream.open_shards()[0]
    middle = (int(first["HashKeyRange"]["StartingHashKey"]) + int(first["HashKeyRange"]["EndingHashKey"])) // 2
    kinesis.split_shard(StreamName=name, ShardToSplit=first["ShardId"], NewStartingHashKey=str(middle))
    put(aggregate(inner))
    put(good[5], "31")

    complete = dict.fromkeys(("table", "lake", "warehouse"), IDS)
    wait_until(lambda: stored(stack) == complete, 90, "all rows are in every store", lambda: str(stored(stack)))
    kept = [base64.b64decode(one["data"]) for one in quarantined(stack, "quarantine/write-to-s3/")]
    assert [kept.count(one) for one in junk] == [1, 1]
    stream._wait_until_active()
    one, other = (shard["ShardId"] for shard in stream.open_shards()[:2])
    kinesis.merge_shards(StreamName=name, ShardToMerge=one, AdjacentShardToMerge=other)


def test_what_is_no_alert_on_the_alert_stream_is_in_a_quarantine_that_a_command_shows(stack: Stack) -> None:
    junk = [b"no alert %d" % number for number in range(20)]
    name = stack.outputs["AlertDeliveryStreamName"]
    stack.client("firehose").put_record_batch(DeliveryStreamName=name, Records=[{"Data": one} for one in junk])

    def kept() -> list[bytes]:
        return [base64.b64decode(one["data"]) for one in quarantined(stack, "quarantine/check-delivery/")]

    wait_until(lambda: set(junk) <= set(kept()), 60, "the junk is in quarantine")
    listed = json.loads(stack.run("quarantine", "list", "--kind", "lines", "--limit", "1000", "--json").stdout)
    entries = listed["entries"]
    assert sum("check-delivery" in entry["key"] for entry in entries) >= len(junk)
