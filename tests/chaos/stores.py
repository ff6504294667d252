"""What the stores of a running stack hold, content by content, read so that a hundred looks stay cheap."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from client.reconcile.records import Record, counting_record, of_item, of_line
from shared.sinks.item import SUPERSEDED
from shared.sinks.merchants import entry_keys
from shared.transaction.codec import decode_line, split_record
from shared.transaction.content import adds_label, content_sql
from shared.transaction.schema import Transaction
from tests.e2e.stack import Stack
from tests.unit.fakes.rows import transaction


@dataclass
class Content:
    """By id, the digests of what is stored. The lake has each content, by its digest: exact copies are none."""

    dynamodb: dict[str, list[str]] = field(default_factory=dict)
    lake: Mapping[str, dict[str, Record]] = field(default_factory=dict)
    warehouse: dict[str, list[str]] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)  # id-digest of each that is in quarantine
    unscored: Counter[str] = field(default_factory=Counter)  # see :meth:`Stores.unscored`

    def by_store(self) -> dict[str, Mapping[str, Any]]:
        return {"DynamoDB": self.dynamodb, "lake": self.lake, "warehouse": self.warehouse}

    def expected_of(self, identity: str) -> tuple[str, set[str]]:
        """Of the contents in the lake: the digest of the one that counts, and what must be in quarantine."""
        if len(self.lake[identity]) == 1:
            return next(iter(self.lake[identity])), set()
        counts = counting_record(self.lake[identity].values())
        winner = counts.transaction()
        assert winner is not None, f"{identity} is no transaction in the lake"
        losers = {digest: one.transaction() for digest, one in self.lake[identity].items() if digest != counts.digest}
        assert all(losers.values())
        return counts.digest, {
            f"{identity}-{digest}" for digest, one in losers.items() if one and not adds_label(one, winner)
        }


class Stores:
    """Reads a stack's stores whole; objects that it has read before are not read again."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._kinesis, self._s3, self._dynamodb = (stack.client(name) for name in ("kinesis", "s3", "dynamodb"))
        self._read: dict[tuple[str, str], str] = {}
        self._lake: dict[str, dict[str, Record]] = {}
        self._quarantine: dict[str, dict[str, Any]] = {}
        self.archived_lines = 0

    def put_on_the_stream(self, data: bytes, key: str) -> tuple[str, str]:
        """Put a record; (shard, sequence number)."""
        put = self._kinesis.put_record(StreamName=self._stack.outputs["StreamName"], Data=data, PartitionKey=key)
        return put["ShardId"], put["SequenceNumber"]

    def merged(self) -> tuple[int, int]:
        """(rows in core, rows in staging): the cheap look."""
        ((core, staged),) = self._stack.sql(
            "SELECT (SELECT COUNT(*) FROM core.transaction), (SELECT COUNT(*) FROM staging.transaction)"
        )
        return int(core), int(staged)

    def content(self) -> Content:
        """Everything."""
        return Content(self._table(), self.lake(), self._warehouse(), self.conflicts(), self.unscored())

    def conflicts(self) -> list[str]:
        """Of each conflict in quarantine, its id and the digest of its content."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._stack.outputs["QuarantineBucket"], Prefix="conflicts/"
        )
        return [item["Key"].split("/")[1].split(".")[0] for page in pages for item in page.get("Contents", [])]

    def quarantine(self) -> dict[str, dict[str, Any]]:
        """The quarantine's objects by key."""
        for key, body in self._new_objects("QuarantineBucket", "quarantine/"):
            self._quarantine[key] = json.loads(body)
        return self._quarantine

    def given_up(self) -> int:
        """Batches that an event source mapping gave up, and manifests that Firehose did."""
        return sum(
            self._s3.list_objects_v2(Bucket=self._stack.outputs[bucket], Prefix=prefix)["KeyCount"]
            for bucket, prefix in (("QuarantineBucket", "aws/lambda/"), ("DeliveryBucket", "errors/"))
        )

    def _table(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for item in self._items():
            record = of_item(item)
            found.setdefault(record.identity, []).append(record.digest)
        return found

    def _warehouse(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        sql = f"SELECT transaction_id, MD5({content_sql('content')}) FROM core.transaction AS content"
        for identity, digest in self._stack.sql(sql):
            found.setdefault(identity, []).append(digest)
        return found

    def _items(self, fields: str = "") -> Any:
        """Items of the table of transactions, without marks."""
        for page in self._scan("TableName", f"{fields}, {SUPERSEDED}" if fields else ""):
            yield from (item for item in page["Items"] if SUPERSEDED not in item)

    def unlisted_merchants(self) -> int:
        """How many entries of the merchants' table are missing, for the transactions that the table holds."""
        listed = {
            (item["part"]["S"], item["sort"]["S"])
            for page in self._scan("MerchantsTableName")
            for item in page["Items"]
        }
        wanted: set[tuple[str, str]] = set()
        for item in self._items("merchant, merchant_id, occurred_at"):
            fields = {name: value["S"] for name, value in item.items()}
            wanted.update(entry_keys(transaction(0)._replace(**fields)))
        return len(wanted - listed)

    def unscored(self) -> Counter[str]:
        """By card, how many of the stream's good lines its profile lacks; below zero: how many it has twice."""
        lines = (decode_line(line) for data in self._stack.records() for line in split_record(data))
        left = Counter(line.card_id for line in lines if isinstance(line, Transaction))
        for page in self._scan("ProfilesTableName", "card_id, scored"):
            for item in page["Items"]:
                left[item["card_id"]["S"]] -= int(item["scored"]["N"])
        return Counter({card: count for card, count in left.items() if count})

    def _scan(self, output: str, fields: str = "") -> Any:
        chosen = {"ProjectionExpression": fields} if fields else {}
        table = self._stack.outputs[output]
        return self._dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **chosen)

    def lake(self) -> Mapping[str, dict[str, Record]]:
        """The lake's ids, each with its different contents."""
        for _, body in self._new_objects("LakeBucket", "transactions/"):
            for line in gzip.decompress(body).splitlines():
                self.archived_lines += 1
                record = of_line(json.loads(line))
                self._lake.setdefault(record.identity, {})[record.digest] = record
        return self._lake

    def _new_objects(self, output: str, prefix: str) -> list[tuple[str, bytes]]:
        bucket, found = self._stack.outputs[output], []
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                if self._read.get((bucket, item["Key"])) != item["ETag"]:
                    self._read[bucket, item["Key"]] = item["ETag"]
                    found.append((item["Key"], self._s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()))
        return found
