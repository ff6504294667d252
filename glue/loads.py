"""What runs have loaded: a DynamoDB table, so that an object that is loaded is not loaded again.

Two kinds of items, by their key ``load``: `run#<run id>` is a run with its counts and its status, `<address>#<etag>`
an object with the run that took it last, or refused it and why. An object is loaded when its run is: the state machine
says so, after the warehouse has merged it. Glue's job bookmarks would say so before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from glue.inputs import RawObject

log = logging.getLogger(__name__)

TRANSFORMED, REFUSED, LOADED = "transformed", "refused", "loaded"
_MOST_KEYS = 100  # of a BatchGetItem


class Loads:
    """The table. Raises botocore's errors."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def not_loaded(self, objects: list[RawObject]) -> tuple[list[RawObject], list[str]]:
        """Give the objects that no finished run has taken, and the runs that took the others.

        An item that cannot be read says nothing: its object is loaded again, which the merge takes once.
        """
        known = self._get(set(map(object_key, objects)))
        taken = {key: run for key, item in known.items() if "refused" not in item and (run := _text(item, "run_id"))}
        runs = self._get({run_key(run) for run in taken.values()})
        status = {key: _text(item, "status") for key, item in runs.items()}
        done = {key: run for key, run in taken.items() if status.get(run_key(run)) == LOADED}
        return [item for item in objects if object_key(item) not in done], sorted(set(done.values()))

    def not_refused(self, run_id: str, objects: list[RawObject]) -> list[RawObject]:
        """Leave out the objects that another run has refused: their content has not changed since."""
        known = self._get(set(map(object_key, objects)))
        refused = {
            key for key, item in known.items() if "refused" in item and _text(item, "run_id") not in ("", run_id)
        }
        return [item for item in objects if object_key(item) not in refused]

    def refuse(self, run_id: str, objects: list[RawObject], reasons: Mapping[str, str]) -> None:
        """Note that a run cannot load the objects, and why, by address."""
        for item in objects:
            self._put({"load": {"S": object_key(item)}, "run_id": {"S": run_id}, "refused": {"S": reasons[item.url]}})

    def take(self, run_id: str, objects: list[RawObject]) -> None:
        """Note that a run has taken the objects; until it is loaded, another one may take them from it."""
        for item in objects:
            self._put({"load": {"S": object_key(item)}, "run_id": {"S": run_id}})

    def record(self, run_id: str, status: str, numbers: dict[str, int], texts: dict[str, str]) -> None:
        """Record what a run did: the state machine continues from there."""
        item = {"load": {"S": run_key(run_id)}, "status": {"S": status}}
        self._put(
            item
            | {name: {"N": str(value)} for name, value in numbers.items()}
            | {name: {"S": text} for name, text in texts.items()}
        )

    def _put(self, item: dict[str, Any]) -> None:
        self._dynamodb.put_item(TableName=self._table, Item=item)

    def _get(self, keys: set[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        wanted = sorted(keys)
        while wanted:
            request = {"Keys": [{"load": {"S": key}} for key in wanted[:_MOST_KEYS]], "ConsistentRead": True}
            answer = self._dynamodb.batch_get_item(RequestItems={self._table: request})
            found.update((item["load"]["S"], item) for item in answer["Responses"].get(self._table, []))
            left = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            wanted = [key["load"]["S"] for key in left] + wanted[_MOST_KEYS:]
        return found


def _text(item: dict[str, Any], name: str) -> str:
    """Give an attribute's text; empty, with a line in the log, where somebody changed it."""
    value = item.get(name)
    text = value.get("S") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text:
        log.warning("damaged item of the table of loads: %s, without a text of %s", item["load"]["S"], name)
        return ""
    return text


def run_key(run_id: str) -> str:
    """Give a run's key."""
    return f"run#{run_id}"


def object_key(item: RawObject) -> str:
    """Give an object's key, which is another one when its content is another one."""
    return f"{item.url}#{item.etag}"
