"""Where a transaction can lie: the table, the lake, the stream, the quarantine; each is asked in its own way."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from botocore.exceptions import ClientError as AwsError

from client.archived import NOT_GZIP
from client.aws import Stage
from client.quarantine.entries import Entry, Quarantine

LAKE = "transactions/ingest_date="
MOST_OBJECTS = 2000  # of the lake, and of the quarantine, that are read for one id
THREADS = 8
MOST_READS = 50
_LAKE_KEY = re.compile(r"/(shardId-\d+)-(\d+)-(\d+)\.ndjson\.gz$")


class Span(NamedTuple):
    """Records of one shard, from the first to the last sequence number."""

    shard_id: str
    first: int
    last: int

    def holds(self, shard_id: str | None, sequence_range: str) -> bool:
        """True when a log line's range (FIRST-LAST) meets this span."""
        first, _, last = sequence_range.partition("-")
        if shard_id not in (None, self.shard_id) or not first.isdigit() or not last.isdigit():
            return False
        return int(first) <= self.last and int(last) >= self.first


def in_table(stage: Stage, transaction_id: str) -> dict[str, str] | None:
    """The keys of the transaction's item, by the index of ids."""
    answer = stage.client("dynamodb").query(
        TableName=stage.output("TableName"),
        IndexName="transaction-id",
        KeyConditionExpression="transaction_id = :id",
        ExpressionAttributeValues={":id": {"S": transaction_id}},
        Limit=1,
    )
    return {name: value["S"] for name, value in answer["Items"][0].items()} if answer["Items"] else None


def in_lake(stage: Stage, transaction_id: str, days: int) -> str | None:
    """The key of the newest object that holds it, among those that arrived in the last ``days`` days."""
    s3, bucket = stage.client("s3"), stage.output("LakeBucket")
    needle = f'"{transaction_id}"'.encode()

    def holds(key: str) -> bool:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        try:
            return needle in gzip.decompress(body)
        except NOT_GZIP:
            return False  # put there by hand

    with ThreadPoolExecutor(THREADS) as pool:
        keys = list(islice(_lake_keys(s3, bucket, days), MOST_OBJECTS))
        for start in range(0, len(keys), 4 * THREADS):
            part = keys[start : start + 4 * THREADS]
            for key, found in zip(part, pool.map(holds, part), strict=True):
                if found:
                    return key
    return None


def _lake_keys(s3: Any, bucket: str, days: int) -> Iterator[str]:
    today = datetime.now(UTC).date()
    for back in range(days):
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{LAKE}{today - timedelta(days=back)}/"
        )
        objects = [item for page in pages for item in page.get("Contents", [])]
        yield from (str(item["Key"]) for item in sorted(objects, key=lambda o: o["LastModified"], reverse=True))


def span_of(key: str) -> Span | None:
    """The records that an object of the lake was made of."""
    match = _LAKE_KEY.search(key)
    return Span(match[1], int(match[2]), int(match[3])) if match else None


def on_stream(stage: Stage, transaction_id: str, span: Span, first: str) -> Span | None:
    """The one record that holds it, if the stream still keeps it; `first` is its first number as it is written."""
    kinesis, name, needle = stage.client("kinesis"), stage.output("StreamName"), f'"{transaction_id}"'.encode()
    try:
        iterator = kinesis.get_shard_iterator(
            StreamName=name,
            ShardId=span.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=first,
        )["ShardIterator"]
        for _ in range(MOST_READS):
            answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
            for record in answer["Records"]:
                number = int(record["SequenceNumber"])
                if number > span.last:
                    return None
                if needle in record["Data"]:
                    return Span(span.shard_id, number, number)
            iterator = answer.get("NextShardIterator")
            if iterator is None or not answer["Records"]:
                return None
    except AwsError as error:
        # Older than the stream's retention: it was there, and is no more.
        if error.response["Error"]["Code"] not in ("InvalidArgumentException", "ResourceNotFoundException"):
            raise
    return None


class SetAside(NamedTuple):
    """An entry of the quarantine that holds the transaction, the records it is made of, and why it is there."""

    entry: Entry
    span: Span | None
    reason: str


def set_aside(stage: Stage, transaction_id: str) -> list[SetAside]:
    """The entries that hold it, of bad lines and of given-up batches; the newest are looked at first."""
    quarantine = Quarantine(stage)
    entries = sorted(quarantine.entries(["lines", "batches"]), key=lambda e: e.set_aside_at, reverse=True)[
        :MOST_OBJECTS
    ]
    needle = transaction_id.encode()
    with ThreadPoolExecutor(THREADS) as pool:
        bodies = pool.map(quarantine.read, entries)
        return [found for entry, body in zip(entries, bodies, strict=True) if (found := _held(entry, body, needle))]


def _held(entry: Entry, body: bytes, needle: bytes) -> SetAside | None:
    try:
        document = json.loads(body)
        if entry.kind == "lines":
            if needle not in base64.b64decode(document["data"]):
                return None
            number = int(document["sequence_number"])
            return SetAside(entry, Span(document["shard_id"], number, number), str(document["reason"]))
        records = json.loads(document["payload"])["Records"]
        held = [r["kinesis"] for r in records if needle in base64.b64decode(r["kinesis"]["data"])]
        if not held:
            return None
        context = document["requestContext"]
        function = str(context["functionArn"]).rsplit(":function:", 1)[-1]
        number = int(held[0]["sequenceNumber"])
        reason = f"{function} gave the batch up: {context['condition']}"
        return SetAside(entry, Span(document["KinesisBatchInfo"]["shardId"], number, number), reason)
    except (ValueError, KeyError, TypeError):
        return None  # put there by hand: not ours to explain


def spans(found: Iterable[SetAside]) -> list[Span]:
    """The records that are known from what was set aside."""
    return [one.span for one in found if one.span is not None]
