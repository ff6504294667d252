"""BatchWriteItem in bulk: what it leaves unprocessed is written again, alone, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, Protocol, TypeVar

from shared.aws import is_transient
from shared.retry import Budget
from shared.sinks.item import Item

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
ITEMS_PER_CALL = 25
THREADS = 8

One = TypeVar("One")


class TableClient(Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """Write up to 25 items, no two with the same key; some may come back unprocessed."""


class BulkWriter:
    """Puts items into one table, several calls at a time."""

    def __init__(self, client: TableClient, name: str, threads: int = THREADS) -> None:
        self._client, self._name, self._threads = client, name, threads

    def write(self, many: Sequence[One], item_of: Callable[[One], Item], budget: Budget) -> tuple[list[Item], int]:
        """Put items, no two of the same key; give those not stored when the budget is spent, and how many repeats.

        An item is made when its call is: those of a whole batch are tens of megabytes, which only cost time to walk.
        Raises ClientError on terminal errors (no permission, no such table, an item that DynamoDB refuses).
        """
        calls = [many[start : start + ITEMS_PER_CALL] for start in range(0, len(many), ITEMS_PER_CALL)]
        unwritten: list[Item] = []
        retried = 0
        hopeless = Event()

        def write_call(call: Sequence[One]) -> tuple[list[Item], int]:
            return self._write_call([item_of(one) for one in call], budget, hopeless)

        with ThreadPoolExecutor(self._threads) as pool:
            for left, repeats in pool.map(write_call, calls):
                unwritten += left
                retried += repeats
        return unwritten, retried

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
