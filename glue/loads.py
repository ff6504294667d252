"""What runs have loaded: a DynamoDB table, so that an object that is loaded is not loaded again.

Two kinds of items, by their key ``load``: `run#<run id>` is a run with its counts and its status, `<address>#<etag>`
an object with the run that took it last. An object is loaded when its run is: the state machine says so, after the
warehouse has merged it. Glue's job bookmarks would say so before.
"""

from __future__ import annotations

from typing import Any

from glue.inputs import RawObject

TRANSFORMED, REFUSED, LOADED = "transformed", "refused", "loaded"
_MOST_KEYS = 100  # of a BatchGetItem


class Loads:
    """The table. Raises botocore's errors."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def not_loaded(self, objects: list[RawObject]) -> tuple[list[RawObject], list[str]]:
        """Give the objects that no finished run has taken, and the runs that took the others."""
        taken = self._get({object_key(item) for item in objects}, "run_id")
        status = self._get({run_key(run) for run in taken.values()}, "status")
        done = {key: run for key, run in taken.items() if status.get(run_key(run)) == LOADED}
        return [item for item in objects if object_key(item) not in done], sorted(set(done.values()))

    def take(self, run_id: str, objects: list[RawObject]) -> None:
        """Note that a run has taken the objects; until it is loaded, another one may take them from it."""
        for item in objects:
            self._put({"load": {"S": object_key(item)}, "run_id": {"S": run_id}})

    def tell(self, run_id: str, status: str, numbers: dict[str, int], texts: dict[str, str]) -> None:
        """Note what a run did: the state machine goes on from there."""
        item = {"load": {"S": run_key(run_id)}, "status": {"S": status}}
        self._put(
            item
            | {name: {"N": str(value)} for name, value in numbers.items()}
            | {name: {"S": text} for name, text in texts.items()}
        )

    def _put(self, item: dict[str, Any]) -> None:
        self._dynamodb.put_item(TableName=self._table, Item=item)

    def _get(self, keys: set[str], attribute: str) -> dict[str, str]:
        found: dict[str, str] = {}
        wanted = sorted(keys)
        while wanted:
            request = {"Keys": [{"load": {"S": key}} for key in wanted[:_MOST_KEYS]], "ConsistentRead": True}
            answer = self._dynamodb.batch_get_item(RequestItems={self._table: request})
            for item in answer["Responses"].get(self._table, []):
                found[item["load"]["S"]] = item[attribute]["S"]
            left = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            wanted = [key["load"]["S"] for key in left] + wanted[_MOST_KEYS:]
        return found


def run_key(run_id: str) -> str:
    """Give a run's key."""
    return f"run#{run_id}"


def object_key(item: RawObject) -> str:
    """Give an object's key, which is another one when its content is another one."""
    return f"{item.url}#{item.etag}"
