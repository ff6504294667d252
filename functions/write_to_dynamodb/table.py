"""Writes transactions to the DynamoDB table, and their merchants to the table that finds those."""

from __future__ import annotations

from typing import NamedTuple

from shared.retry import Budget
from shared.sinks.bulk_write import ITEMS_PER_CALL, THREADS, BulkWriter, TableClient
from shared.sinks.consumer import Line, Position
from shared.sinks.item import key_of, to_item
from shared.sinks.merchants import Merchants

__all__ = ["ITEMS_PER_CALL", "THREADS", "Table", "TableClient", "WriteOutcome"]

Key = tuple[str, str]


class WriteOutcome(NamedTuple):
    """What came of a write, in transactions, and the positions of the records that are not stored as a whole."""

    written: int
    duplicates: int
    retried: int
    failed: list[Position]


class Table:
    """The table of transactions. A put replaces the item of the same key, so that a replay changes nothing."""

    def __init__(
        self, client: TableClient, name: str, threads: int = THREADS, merchants: Merchants | None = None
    ) -> None:
        self._writer, self._merchants = BulkWriter(client, name, threads), merchants

    def write(self, lines: list[Line], budget: Budget) -> WriteOutcome:
        """Write every line's transaction, in any order: no two of them share an item.

        BatchWriteItem refuses a call that names a key twice. Lines of the same key are a resend; should they differ,
        the last one stays, as if they had been put one by one. A record fails if any of its lines is not stored.

        Raises ClientError on what no retry can mend (no permission, no such table, an item that DynamoDB refuses).
        """
        unlisted, repeats = self._merchants.unlisted(lines, budget) if self._merchants else ([], 0)
        unwritten: set[Key] = {key_of(line.transaction) for line in unlisted}
        last: dict[Key, Line] = {key_of(line.transaction): line for line in lines}
        ready = [line.transaction for key, line in last.items() if key not in unwritten]
        left, retried = self._writer.write(ready, to_item, budget)
        unwritten.update((item["card_id"]["S"], item["time_id"]["S"]) for item in left)
        failed = [line.position for line in lines if unwritten and key_of(line.transaction) in unwritten]
        return WriteOutcome(len(last) - len(unwritten), len(lines) - len(last), repeats + retried, failed)
