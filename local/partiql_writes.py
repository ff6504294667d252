"""Makes MiniStack's PartiQL write as its PutItem and UpdateItem do.

What MiniStack 1.5.33 lacks: an INSERT's values are neither checked nor is a number written in its one form, no write
notifies the table's stream, and a batch's capacity is one unit per statement, however large the item and however many
indexes it is in. A write whose condition fails consumes what the item there would.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import orjson

from local.cloudwatch.replacing import replace
from local.tables.statements import Statements

Answer = tuple[int, Any, bytes]
Table = dict[str, Any]
Item = dict[str, Any] | None


class Change(NamedTuple):
    """An item before and after a statement; nothing of it is new when the statement failed."""

    before: Item
    after: Item
    done: bool


class Writes:
    """Stands before MiniStack's functions for PartiQL's writes. All of them run on one thread."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._change: Change | None = None  # of the statement under way
        self._units: Counter[str] = Counter()  # by table, of the batch under way

    def install(self) -> None:
        """Put it in place. Raises AttributeError when MiniStack has these functions no more."""
        module = self._dynamodb
        replace(module, "_partiql_insert", self._checked(module._partiql_insert))
        for name in ("_partiql_update", "_partiql_delete"):
            replace(module, name, self._noted(getattr(module, name)))
        replace(module, "_execute_statement", self._with_capacity(module._execute_statement))
        replace(module, "_batch_execute_statement", Statements(module, self._measured(module._batch_execute_statement)))

    def _checked(self, insert: Any) -> Any:
        def checked(table: Table, parsed: dict[str, Any]) -> Answer:
            item = parsed.get("item") or {}
            item = item["M"] if isinstance(item, dict) and set(item) == {"M"} else item
            refusal: Answer | None = self._refusal(table, item) if item else None
            if refusal:
                return refusal
            key = {name: item[name] for name in (table["pk_name"], table["sk_name"]) if name in item}
            there = self._dynamodb._get_item_by_key(table, key)
            answer: Answer = insert(table, parsed)
            self._change = Change(there, item if answer[0] == 200 else there, answer[0] == 200)
            return answer

        return checked

    def _refusal(self, table: Table, item: dict[str, Any]) -> Any:
        """Why the item cannot be in the table; None when it can. Its numbers are in their one form afterwards."""
        module = self._dynamodb
        refusal = module._validate_item(item, table["pk_name"], table["sk_name"])
        refusal = refusal or module._validate_index_key_values(table, item)
        if not refusal and (mismatch := module._key_type_mismatch_reason(table, item)):
            refusal = module.error_response_json("ValidationException", mismatch, 400)
        return refusal

    def _noted(self, write: Any) -> Any:
        def noted(table: Table, parsed: dict[str, Any], data: Any = None) -> Answer:
            partition, sort, _, wrong = self._dynamodb._partiql_key_target(table, parsed)
            if wrong:
                return write(table, parsed, data)  # it says so itself
            before = table["items"].get(partition, {}).get(sort)
            answer: Answer = write(table, parsed, data)
            self._change = Change(before, table["items"].get(partition, {}).get(sort), answer[0] == 200)
            return answer

        return noted

    def _with_capacity(self, execute: Any) -> Any:
        """A statement by itself or in a batch. A transaction's are not carried out by it: it may take them back."""

        def executed(data: dict[str, Any]) -> Answer:
            self._change = None
            answer: Answer = execute(data)
            if change := self._change:
                name = self._dynamodb._parse_partiql(data["Statement"], data.get("Parameters") or [])["table"]
                self._units[name] += self._units_of(name, change)
                if change.done and (change.before or change.after):
                    kind = "REMOVE" if change.after is None else "MODIFY" if change.before else "INSERT"
                    self._dynamodb._emit_stream_event(name, kind, change.before, change.after)
            return answer

        return executed

    def _units_of(self, name: str, change: Change) -> float:
        result: dict[str, Any] = {}
        self._dynamodb._add_consumed_capacity(
            result, {"ReturnConsumedCapacity": "TOTAL"}, name, True, change.before, change.after
        )
        return float(result["ConsumedCapacity"]["CapacityUnits"])

    def _measured(self, batch: Any) -> Any:
        def measured(data: dict[str, Any]) -> Answer:
            self._units.clear()
            answer: Answer = batch(data)
            if answer[0] != 200 or not self._units or data.get("ReturnConsumedCapacity", "NONE") == "NONE":
                return answer
            body = orjson.loads(answer[2])
            body["ConsumedCapacity"] = [
                {"TableName": name, "CapacityUnits": units} for name, units in sorted(self._units.items())
            ]
            return self._dynamodb.json_response(body)

        return measured
