"""BatchGetItem within a budget: keys that it leaves unprocessed are asked for again, alone."""

from __future__ import annotations

from typing import Any, Protocol

from shared.aws import is_transient
from shared.retry import Budget
from shared.sinks.item import Item

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
KEYS_PER_CALL = 100


class ReadClient(Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        """Read up to 100 items; some keys may come back unprocessed."""


def read_call(
    client: ReadClient, table: str, keys: list[Item], budget: Budget, *, consistent: bool = False
) -> tuple[list[Item], list[Item], int]:
    """Read up to KEYS_PER_CALL items; give them, the keys not read when the budget is spent, and how many repeats.

    ``consistent`` costs twice the read units. Raises ClientError on terminal errors (no permission, no such table).
    """
    found: list[Item] = []
    retried = repeat = 0
    reads = {"ConsistentRead": True} if consistent else {}
    while keys and not budget.spent:
        try:
            answer = client.batch_get_item(RequestItems={table: {"Keys": keys, **reads}})
        except Exception as error:
            if not is_transient(error):
                raise
        else:
            found += answer["Responses"].get(table, [])
            keys = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        if not keys or not budget.wait(repeat):
            break
        repeat += 1
        retried += len(keys)
    return found, keys, retried
