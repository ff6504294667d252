"""Informs the other stores of contents that do not count, which the merge alone sees, across shards and paths.

core.superseded has them, whole. Each conflict becomes an object of the quarantine, under a key of its content; what
lies in the table under another key than the content that counts gives way to a mark; and the content that counts goes
on the stream (again), so that table and lake have it, by whichever path it came. All of it may be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from shared.errors import TransientError
from shared.retry import Budget
from shared.sinks.bucket import Bucket
from shared.sinks.item import key_of
from shared.sinks.table import Key
from shared.stream.records import build_records
from shared.stream.writer import Stream
from shared.telemetry import logger
from shared.transaction.codec import encode_line
from shared.transaction.kinds import MOMENT
from shared.transaction.schema import FIELDS, Transaction
from shared.warehouse.data_api import Row, Warehouse
from shared.warehouse.sql import read_statements

PREFIX = "conflicts/"
CONFLICT, CORRECTED, LABEL = "conflict", "corrected", "label"
MOST_AT_ONCE = 500
_LEAST_SECONDS = 5.0


class TablePort(Protocol):
    """The table: :class:`shared.sinks.table.Table`."""

    def supersede(self, key: Key, counts: Transaction, budget: Budget) -> bool:
        """Put a mark in the place of a content that does not count."""


class Dispute(NamedTuple):
    """A content that does not count, what it is, and the one that does; ``other`` lacks fields only if core did."""

    digest: str
    kind: str
    other: Transaction
    counts: Transaction


class Resolver:
    """The other stores of a stage."""

    def __init__(self, warehouse: Warehouse, table: TablePort, stream: Stream, quarantine: Bucket) -> None:
        self._warehouse, self._table, self._stream, self._quarantine = warehouse, table, stream, quarantine

    def run(self, budget: Budget) -> int:
        """Resolve all that is open, as long as there is time; give how many contents were.

        Raises TransientError when a store does not answer now, and as Warehouse.run does; the next run continues.
        """
        self._warehouse.run("resolve-dimensions", read_statements("resolve.sql"), _seconds(budget))
        done = 0
        while budget.left > _LEAST_SECONDS:
            rows = self._warehouse.run("read-superseded", [_OPEN], _seconds(budget))
            if not rows:
                break
            self._inform([_dispute(row) for row in rows], budget)
            digests = ", ".join(f"'{row['digest'].strip()}'" for row in rows)
            sql = f"UPDATE core.superseded SET resolved_at = GETDATE() WHERE digest IN ({digests})"  # noqa: S608  hex
            self._warehouse.run("note-resolved", [sql], _seconds(budget))
            done += len(rows)
        logger.info("resolved", extra={"contents": done})
        return done

    def _inform(self, disputes: list[Dispute], budget: Budget) -> None:
        for one in disputes:
            if one.kind == CONFLICT:
                self._quarantine.put(object_key(one.counts.transaction_id, one.digest), body(one), "application/json")
            else:  # it may have been one until now
                self._quarantine.delete(object_key(one.counts.transaction_id, one.digest))
            if key_of(one.other) != key_of(one.counts) and not self._table.supersede(
                key_of(one.other), one.counts, budget
            ):
                raise TransientError("the table did not take a mark in time")
        # A correction came on the stream, hence everywhere: unless a mark of another key may have met it.
        counts = {one.counts.transaction_id: one.counts for one in disputes if _is_to_announce(one)}
        put = self._stream.put(build_records(enumerate(counts.values())), budget)
        if put.unstored_rows:
            raise TransientError("the stream did not take the contents that count in time")


def object_key(transaction_id: str, digest: str) -> str:
    """Give the key of a conflict's object: of its content alone, so that it is there once."""
    return f"{PREFIX}{transaction_id}-{digest}.json"


def body(one: Dispute) -> bytes:
    """Give the object: both contents, as lines of the stream, and the fields in which they differ."""
    pairs = zip(FIELDS, one.other, one.counts, strict=True)
    return json.dumps(
        {
            "transaction_id": one.counts.transaction_id,
            "digest": one.digest,
            "reason": "another content of this transaction counts",
            "fields": [field.name for field, mine, yours in pairs if mine != yours],
            "conflict": encode_line(one.other).decode().rstrip(),
            "counts": encode_line(one.counts).decode().rstrip(),
            "found_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    ).encode()


def _is_to_announce(one: Dispute) -> bool:
    return one.counts.corrected_at is None or key_of(one.other) != key_of(one.counts)


def _seconds(budget: Budget) -> float:
    return max(1.0, budget.left)


def transaction_of(row: Mapping[str, Any], prefix: str = "") -> Transaction:
    """Give a transaction of a row of core, as the Data API gives its values; a field without one has its default."""
    return Transaction._make([_value(field, row[prefix + field.name]) for field in FIELDS])


def _value(field: Any, value: Any) -> Any:
    if value is None:
        return field.default
    if field.kind is MOMENT:
        day, _, clock = str(value).partition(" ")
        whole, _, fraction = clock.partition(".")
        return f"{day}T{whole}.{fraction[:3]:0<3}Z"
    if field.type is Decimal:
        return Decimal(str(value))
    if field.type is float:
        return float(value)
    return value.strip() if isinstance(value, str) and field.kind.redshift.startswith("CHAR") else value


def _dispute(row: Row) -> Dispute:
    return Dispute(row["digest"].strip(), row["kind"], transaction_of(row, "other_"), transaction_of(row, "counts_"))


def _listed(table: str, prefix: str) -> Iterable[str]:
    return (f"{table}.{field.name} AS {prefix}{field.name}" for field in FIELDS)


_OPEN = (
    f"SELECT other.digest, other.kind, {', '.join((*_listed('other', 'other_'), *_listed('known', 'counts_')))} "  # noqa: S608
    "FROM core.superseded AS other "
    "INNER JOIN core.transaction AS known ON known.transaction_id = other.transaction_id "
    f"WHERE other.resolved_at IS NULL ORDER BY other.found_at, other.digest LIMIT {MOST_AT_ONCE}"
)
