"""The fast path of BatchExecuteStatement: an INSERT or UPDATE of plain attributes, known by its text.

MiniStack reads a statement's text each time and copies the item twice. Here a text is read once: an INSERT of
parameters, or an UPDATE that sets attributes to parameters where others, the key among them, equal parameters. Batches
with other statements are left to MiniStack, and so are single ones with values that are not plain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from local.tables.encoding import Item
from local.tables.items import Table, set_counts
from local.tables.keys import Key
from local.tables.plain import NotPlain, Plain, kilobytes
from local.tables.rows import Rows

Answer = tuple[int, Any, bytes]
MOST_STATEMENTS = 25
MOST_KEY_CHARACTERS = 256
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_INSERT = re.compile(rf"INSERT INTO \"([A-Za-z0-9_.-]+)\" VALUE \{{('{_NAME}': \?(?:, '{_NAME}': \?)*)\}}")
_UPDATE = re.compile(
    rf"UPDATE \"([A-Za-z0-9_.-]+)\"((?: SET \"{_NAME}\" = \?)+) WHERE (\"{_NAME}\" = \?(?: AND \"{_NAME}\" = \?)*)"
)
_REFUSED = {
    "ConditionalCheckFailed": "The conditional request failed",
    "DuplicateItem": "Duplicate primary key exists in table",
}


class Form(NamedTuple):
    """A statement's text: the attributes that get parameters, and those that must equal the parameters after them."""

    table: str
    sets: tuple[str, ...]
    wheres: tuple[str, ...]  # of an UPDATE


@lru_cache(maxsize=1_000)
def form_of(text: str) -> Form | None:
    """What a text says; None for one that is not known here."""
    if found := _INSERT.fullmatch(text):
        form = Form(found[1], tuple(re.findall(_NAME, found[2])), ())
    elif found := _UPDATE.fullmatch(text):
        form = Form(
            found[1], tuple(re.findall(rf"\"({_NAME})\"", found[2])), tuple(re.findall(rf"\"({_NAME})\"", found[3]))
        )
    else:
        return None
    return form if len(set(form.sets)) == len(form.sets) and len(set(form.wheres)) == len(form.wheres) else None


def _is_known(statement: Any) -> bool:
    """Whether a statement may be carried out here; a batch with another one, e.g. a SELECT, is MiniStack's."""
    text = statement.get("Statement") if isinstance(statement, dict) else None
    return isinstance(text, str) and form_of(text) is not None


class Statements:
    """MiniStack's `_batch_execute_statement`, and the fast path before it."""

    def __init__(self, module: Any, batch: Callable[[dict[str, Any]], Answer]) -> None:
        self._module, self._batch, self._plain = module, batch, Plain(module)

    def __call__(self, data: dict[str, Any]) -> Answer:
        statements = data.get("Statements")
        if (
            not data.keys() <= {"Statements", "ReturnConsumedCapacity"}
            or not isinstance(statements, list)
            or not 0 < len(statements) <= MOST_STATEMENTS
            or not all(_is_known(one) for one in statements)
        ):
            return self._batch(data)
        responses: list[Any] = []
        units: Counter[str] = Counter()
        for statement in statements:
            try:
                name, response, of_statement = self._fast(statement)
                responses.append(response)
                units[name] += of_statement  # type: ignore[assignment]
            except NotPlain:
                answer = self._batch({"Statements": [statement], "ReturnConsumedCapacity": "TOTAL"})
                if answer[0] != 200:
                    return answer
                body = orjson.loads(answer[2])
                responses += body["Responses"]
                for one in body.get("ConsumedCapacity") or []:
                    units[one["TableName"]] += one["CapacityUnits"]
        result: dict[str, Any] = {"Responses": responses}
        if data.get("ReturnConsumedCapacity", "NONE") != "NONE":
            result["ConsumedCapacity"] = [
                {"TableName": name, "CapacityUnits": float(found)} for name, found in sorted(units.items())
            ]
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, orjson.dumps(result)

    def _fast(self, statement: dict[str, Any]) -> tuple[str, dict[str, Any], float]:
        """Table, response and write units of a statement."""
        form = form_of(statement["Statement"])
        values = statement.get("Parameters")
        if form is None or not statement.keys() <= {"Statement", "Parameters"} or not isinstance(values, list):
            raise NotPlain
        if len(values) != len(form.sets) + len(form.wheres):
            raise NotPlain
        table = self._plain.target(form.table)
        rows: Rows = table["items"].rows
        change = dict(zip(form.sets, values[: len(form.sets)], strict=True))
        where = dict(zip(form.wheres, values[len(form.sets) :], strict=True))
        with rows.database.lock:
            refused, before, after = (
                self._update(rows, change, where) if form.wheres else self._insert(table, rows, change)
            )
        set_counts(table)
        response: dict[str, Any] = {"TableName": form.table}
        if refused:
            response = {"Error": {"Code": refused, "Message": _REFUSED[refused]}} | response
        return form.table, response, self._units(form.table, before, after)

    def _insert(self, table: Table, rows: Rows, item: Item) -> tuple[str, Item | None, Item | None]:
        self._plain.take_apart(item)
        if rows.indexes and self._module._validate_index_key_values(table, item) is not None:
            raise NotPlain
        key = self._key(rows, item)
        if (there := rows.get(key)) is not None:
            return "DuplicateItem", there, there
        rows.insert([(key, item, *rows.shapes.encode(item))])
        return "", None, item

    def _update(self, rows: Rows, change: Item, where: Item) -> tuple[str, Item | None, Item | None]:
        sent, change = change, deepcopy(change)  # take_apart writes numbers in their one form
        self._plain.take_apart(change)
        self._plain.take_apart(where)
        # A number of another form than DynamoDB's own is stored by MiniStack's UPDATE as it came.
        if sent != change or rows.key_names & change.keys():
            raise NotPlain
        found = rows.find(self._key(rows, where))
        if found is None:
            return "ConditionalCheckFailed", None, None
        row, before = found
        if any(not self._module._ddb_equals(before.get(name), value) for name, value in where.items()):
            return "ConditionalCheckFailed", before, before
        after = before | change
        self._plain.take_apart(after)
        rows.change(row, before, after)
        return "", before, after

    def _key(self, rows: Rows, values: Item) -> Key:
        texts = [str(values.get(name, {}).get("S") or "") for name in rows.keys if name]
        if any(not text or len(text) > MOST_KEY_CHARACTERS for text in texts):
            raise NotPlain
        return Key(texts[0], texts[1] if len(texts) > 1 else "__no_sort__")

    def _units(self, name: str, before: Item | None, after: Item | None) -> float:
        table = self._module._tables.get(name)
        if table["items"].rows.indexes:
            result: dict[str, Any] = {}
            asked = {"ReturnConsumedCapacity": "TOTAL"}
            self._module._add_consumed_capacity(result, asked, name, True, before, after)
            return float(result["ConsumedCapacity"]["CapacityUnits"])
        return kilobytes(max((self._plain.take_apart(one)[2] for one in (before, after) if one), default=0))
