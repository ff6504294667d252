"""Writes transactions to the DynamoDB table in bulk: what BatchWriteItem leaves unprocessed is written again, alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, NamedTuple, Protocol

from shared.aws import is_transient
from shared.consumer import Line, Position
from shared.item import Item, key_of, to_item
from shared.retry import Budget

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
ITEMS_PER_CALL = 25
THREADS = 8

Key = tuple[str, str]


class TableClient(Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """Write up to 25 items, no two with the same key; some may come back unprocessed."""


class WriteOutcome(NamedTuple):
    """What came of a write, in transactions, and the positions of the records that are not stored as a whole."""

    written: int
    duplicates: int
    retried: int
    failed: list[Position]


class Table:
    """The table of transactions. A put replaces the item of the same key, so that a replay changes nothing."""

    def __init__(self, client: TableClient, name: str, threads: int = THREADS) -> None:
        self._client, self._name, self._threads = client, name, threads

    def write(self, lines: list[Line], budget: Budget) -> WriteOutcome:
        """Write every line's transaction, in any order: no two of them share an item.

        BatchWriteItem refuses a call that names a key twice. Lines of the same key are a resend; should they differ,
        the last one stays, as if they had been put one by one. A record fails if any of its lines is not stored.

        Raises ClientError on what no retry can mend (no permission, no such table, an item that DynamoDB refuses).
        """
        last: dict[Key, Line] = {key_of(line.transaction): line for line in lines}
        items = [to_item(line.transaction) for line in last.values()]
        calls = [items[start : start + ITEMS_PER_CALL] for start in range(0, len(items), ITEMS_PER_CALL)]
        unwritten: set[Key] = set()
        retried = 0
        hopeless = Event()
        with ThreadPoolExecutor(self._threads) as pool:
            for left, repeats in pool.map(lambda call: self._write_call(call, budget, hopeless), calls):
                unwritten.update((item["card_id"]["S"], item["time_id"]["S"]) for item in left)
                retried += repeats
        failed = [line.position for line in lines if unwritten and key_of(line.transaction) in unwritten]
        return WriteOutcome(len(last) - len(unwritten), len(lines) - len(last), retried, failed)

    def _write_call(self, items: list[Item], budget: Budget, hopeless: Event) -> tuple[list[Item], int]:
        """Write up to 25 items; give those that are not stored when the budget is spent, and how many were repeated."""
        retried = repeat = 0
        while not hopeless.is_set() and not budget.spent:
            try:
                items = self._unprocessed(items)
            except Exception as error:
                if not is_transient(error):
                    hopeless.set()  # spares the other threads their calls
                    raise
            if not items or not budget.wait(repeat):
                break
            repeat += 1
            retried += len(items)
        return items, retried

    def _unprocessed(self, items: list[Item]) -> list[Item]:
        answer = self._client.batch_write_item(
            RequestItems={self._name: [{"PutRequest": {"Item": item}} for item in items]}
        )
        return [request["PutRequest"]["Item"] for request in answer.get("UnprocessedItems", {}).get(self._name, [])]
