"""What each store holds: every transaction id in it, read in full."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import orjson

from client.archived import opened
from client.aws import Stage
from client.errors import ClientError
from client.reconcile.bag import WIDTH, Bag
from client.warehouse import query

Part = TypeVar("Part")

_THREADS = 4
LAKE_PREFIX = "transactions/"
QUARANTINE_PREFIXES = ("quarantine/", "aws/lambda/")  # bad lines; batches that a function failed on for good


@dataclass
class Seen:
    """The records of a store, and counts that only this store has."""

    bag: Bag = field(default_factory=Bag)
    more: dict[str, int] = field(default_factory=dict)


def dynamodb(stage: Stage) -> Seen:
    """A parallel scan that reads the ids only."""
    table, client = stage.output("TableName"), stage.client("dynamodb")

    def segment(number: int) -> Bag:
        bag = Bag()
        pages = client.get_paginator("scan").paginate(
            TableName=table,
            ProjectionExpression="transaction_id",
            Segment=number,
            TotalSegments=_THREADS,
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                bag.add(item["transaction_id"]["S"])
        return bag

    return Seen(_joined(segment, range(_THREADS)))


def lake(stage: Stage) -> Seen:
    """Every line of every archived object. A line's content is its version: a resend archives the same one again."""
    bucket, client = stage.output("LakeBucket"), stage.client("s3")

    def read(key: str) -> Bag:
        bag = Bag()
        with opened(client, bucket, key) as lines:
            for line in lines:
                version = hashlib.blake2b(line.rstrip(b"\n"), digest_size=WIDTH).digest()
                bag.add(_transaction_id(line, bucket, key), version)
        return bag

    return Seen(_joined(read, list(_keys(stage, "LakeBucket", LAKE_PREFIX))))


def warehouse(stage: Stage) -> Seen:
    """The fact table; rows that wait in staging to be merged are counted apart."""
    seen = Seen()
    for (identity,) in query(stage, "SELECT transaction_id FROM core.transaction"):
        seen.bag.add(identity)
    ((staged,),) = query(stage, "SELECT COUNT(*) FROM staging.transaction")
    seen.more["staged"] = int(staged)
    return seen


def quarantined(stage: Stage) -> int:
    """How many objects are in quarantine."""
    return sum(1 for prefix in QUARANTINE_PREFIXES for _ in _keys(stage, "QuarantineBucket", prefix))


STORES: dict[str, Callable[[Stage], Seen]] = {"dynamodb": dynamodb, "lake": lake, "warehouse": warehouse}


def _keys(stage: Stage, bucket_output: str, prefix: str) -> Iterator[str]:
    pages = stage.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=stage.output(bucket_output), Prefix=prefix):
        yield from (item["Key"] for item in page.get("Contents", []))


def _transaction_id(line: bytes, bucket: str, key: str) -> str:
    try:
        return str(orjson.loads(line)["transaction_id"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ClientError(
            f"s3://{bucket}/{key} holds a line that is not a transaction: it may have been put there by hand."
        ) from error


def _joined(read: Callable[[Part], Bag], parts: Iterable[Part]) -> Bag:
    """Read parts at the same time and put them together."""
    whole = Bag()
    with ThreadPoolExecutor(_THREADS) as pool:
        for bag in pool.map(read, parts):
            whole.extend(bag)
    return whole
