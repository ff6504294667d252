"""What the stores of a running stack hold, read so that a hundred looks at them stay cheap."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared.sinks.merchants import entry_keys
from shared.transaction.codec import decode_line, split_record
from shared.transaction.schema import Transaction
from tests.e2e.stack import Stack
from tests.unit.fakes.rows import transaction


@dataclass
class Content:
    """Ids by how often they are stored as different things. `lake` counts versions: exact copies are none."""

    dynamodb: Counter[str] = field(default_factory=Counter)
    lake: Counter[str] = field(default_factory=Counter)
    warehouse: Counter[str] = field(default_factory=Counter)
    unscored: Counter[str] = field(default_factory=Counter)  # see :meth:`Stores.unscored`

    def by_store(self) -> dict[str, Counter[str]]:
        return {"DynamoDB": self.dynamodb, "lake": self.lake, "warehouse": self.warehouse}


class Stores:
    """Reads a stack's stores whole; objects that it has read before are not read again."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._kinesis, self._s3, self._dynamodb = (stack.client(name) for name in ("kinesis", "s3", "dynamodb"))
        self._read: dict[tuple[str, str], str] = {}
        self._versions: dict[str, set[bytes]] = {}
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
        return Content(
            self._table(),
            self.lake(),
            Counter(row[0] for row in self._stack.sql("SELECT transaction_id FROM core.transaction")),
            self.unscored(),
        )

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

    def _table(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for page in self._scan("TableName", "transaction_id"):
            found.update(item["transaction_id"]["S"] for item in page["Items"])
        return found

    def unlisted_merchants(self) -> int:
        """How many entries of the merchants' table are missing, for the transactions that the table holds."""
        listed = {
            (item["part"]["S"], item["sort"]["S"])
            for page in self._scan("MerchantsTableName")
            for item in page["Items"]
        }
        wanted: set[tuple[str, str]] = set()
        for page in self._scan("TableName", "merchant, merchant_id, occurred_at"):
            for item in page["Items"]:
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

    def lake(self) -> Counter[str]:
        """The lake's ids, each with the number of its versions."""
        for _, body in self._new_objects("LakeBucket", "transactions/"):
            for line in gzip.decompress(body).splitlines():
                self.archived_lines += 1
                version = hashlib.blake2b(line, digest_size=16).digest()
                self._versions.setdefault(json.loads(line)["transaction_id"], set()).add(version)
        return Counter({identity: len(versions) for identity, versions in self._versions.items()})

    def _new_objects(self, output: str, prefix: str) -> list[tuple[str, bytes]]:
        bucket, found = self._stack.outputs[output], []
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                if self._read.get((bucket, item["Key"])) != item["ETag"]:
                    self._read[bucket, item["Key"]] = item["ETag"]
                    found.append((item["Key"], self._s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()))
        return found
