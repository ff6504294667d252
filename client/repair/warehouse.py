"""Repairs the warehouse: takes out what is wrong, loads what counts, and recomputes customers, merchants and marts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from client.aws import Stage
from client.errors import ClientError
from client.loading import Loader
from shared.sinks.lake import compressed, encoded
from shared.transaction.schema import Transaction
from shared.warehouse.data_api import StatementFailedError
from shared.warehouse.sql import read_statements

PREFIX = "repairs/"
IDS_AT_ONCE = 1_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHANGED = "FROM core.superseded WHERE resolved_at IS NULL AND kind <> 'label'"


class WarehouseRepair:
    """The warehouse of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._s3, self._bucket = stage, stage.client("s3"), stage.output("DeliveryBucket")
        self._run, self._parts = f"{PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}", 0

    def put(self, transactions: Sequence[Transaction]) -> None:
        """Replace rows of core. Killed between its steps, rows lack, and the next run puts them."""
        if not transactions:
            return
        loader = Loader(self._stage)
        self._parts += 1
        name = f"{self._run}-{self._parts:05d}"
        self._s3.put_object(
            Bucket=self._bucket, Key=f"{name}.ndjson.gz", Body=compressed(b"".join(map(encoded, transactions)))
        )
        manifest = {"entries": [{"url": f"s3://{self._bucket}/{name}.ndjson.gz", "mandatory": True}]}
        self._s3.put_object(Bucket=self._bucket, Key=f"{name}.manifest", Body=json.dumps(manifest).encode())
        try:
            for ids in _lists(one.transaction_id for one in transactions):
                # Customers and merchants of the rows that go, too, before they are gone.
                tables = ("core.transaction", "mart.purchase")
                deletes = [f"DELETE FROM {table} WHERE transaction_id IN ({ids})" for table in tables]  # noqa: S608
                loader.run("repair-rows", ["LOCK staging.transaction", *deletes])
            loader.copy_from_lake(f"{name}.manifest")
            loader.merge()
            for ids in _lists(one.transaction_id for one in transactions):
                loader.run("repair-dimensions", _recompute(ids))
        except StatementFailedError as error:
            raise ClientError(f"The warehouse refused a repair: {error}. Run `swipeline repair` again.") from error

    def settle(self, transaction_ids: Iterable[str]) -> None:
        """Recompute the customers and merchants whose latest transactions these are."""
        loader = Loader(self._stage)
        for ids in _lists(transaction_ids):
            loader.run("repair-dimensions", _recompute(ids))


def _recompute(ids: str) -> list[str]:
    where = f"FROM core.transaction WHERE transaction_id IN ({ids})"
    statements = [sql.replace(_CHANGED, where) for sql in read_statements("resolve.sql")[:-1]]
    assert sum(where in sql for sql in statements) == 2, "resolve.sql has changed"
    return statements


def _lists(identities: Iterable[str]) -> Iterator[str]:
    rest = iter(identities)
    while some := list(islice(rest, IDS_AT_ONCE)):
        if not all(_ID.fullmatch(one) for one in some):
            raise ClientError("A transaction id has characters that no id has: was it put there by hand?")
        yield ", ".join(f"'{one}'" for one in some)
