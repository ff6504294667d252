"""Answers a Query from the items of its page: the database finds them, MiniStack's own function does the rest.

MiniStack reads, sorts and filters a whole partition for each page. Here its function sees a table that has only the
items which the page can hold. Queries of a form that is not known here see the whole partition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from types import FunctionType
from typing import Any, NamedTuple

from local.tables.encoding import Item
from local.tables.items import StoredItems, Table
from local.tables.keys import Key
from local.tables.rows import Rows

Answer = tuple[int, Any, bytes]
_LAST = "\U0010ffff" * 8
_FLIPPED = {"LT": "GT", "GT": "LT", "LE": "GE", "GE": "LE", "EQ": "EQ"}


class Range(NamedTuple):
    """A partition and the ends of its sort values; `*_open`: the end itself is not meant."""

    partition: str
    low: str | None = None
    high: str | None = None
    low_open: bool = False
    high_open: bool = False

    def holds(self, sort: str) -> bool:
        return not ((self.low_open and sort == self.low) or (self.high_open and sort == self.high))


class Unknown(Exception):
    """A request that is left to MiniStack."""


class Narrowed:
    """MiniStack's `_query`, with the items of a page only."""

    def __init__(self, query: FunctionType, module: Mapping[str, Any]) -> None:
        self._query, self._module = query, module

    def __call__(self, data: dict[str, Any]) -> Answer:
        module = self._module
        name = module["_normalize_table_name"](data.get("TableName"))
        table = module["_tables"].get(name)
        if table and isinstance(table.get("items"), StoredItems):
            try:
                view = self._view(table, data)
            except Unknown:
                pass
            else:
                seen = {**module, "_tables": {name: view}, "_index_members": lambda view: view["_members"]}
                answer: Answer = FunctionType(self._query.__code__, seen, self._query.__name__)(data)
                return answer
        plain: Answer = self._query(data)
        return plain

    def _view(self, table: Table, data: Mapping[str, Any]) -> Table:
        index_name = data.get("IndexName")
        rows: Rows = table["items"].rows
        names = self._key_names(table, index_name)
        found = self._range(data, *names)
        items: dict[str, dict[str, Item]] = {}
        members: dict[Key, None] = {}
        for key, item in self._page(table, rows, data, found, names[1]):
            items.setdefault(key.partition, {})[key.sort] = item
            members[key] = None
        if index_name is None:
            items.setdefault(found.partition, {})
        return table | {"items": items, "_members": {index_name: {found.partition: members}}}

    def _key_names(self, table: Table, index_name: str | None) -> tuple[str, str]:
        """The hash and range attribute, both texts."""
        if index_name is None:
            hashes, ranges = [table["pk_name"]], [table.get("sk_name")]
        else:
            index = table["items"].rows.index(index_name)
            if index is None:
                raise Unknown
            hashes, ranges = index.hashes, index.ranges
        if len(hashes) != 1 or len(ranges) != 1 or not ranges[0]:
            raise Unknown
        if any(self._module["_get_attr_type"](table, name) != "S" for name in (hashes[0], ranges[0])):
            raise Unknown
        return hashes[0], ranges[0]

    def _range(self, data: Mapping[str, Any], hash_name: str, range_name: str) -> Range:
        text, values = data.get("KeyConditionExpression"), data.get("ExpressionAttributeValues")
        names = data.get("ExpressionAttributeNames") or {}
        if not isinstance(text, str) or not isinstance(values, dict) or data.get("KeyConditions"):
            raise Unknown
        partition: str | None = None
        found: dict[str, Any] = {}
        for clause in self._module["_key_condition_clauses"](self._module["_tokenize"](text)):
            name, kind, operands = _clause(clause, names)
            texts = [_text(values.get(one)) for one in operands]
            if name == hash_name and kind == "EQ" and partition is None:
                partition = texts[0]
            elif name == range_name and not found:
                found = _bounds(kind, texts)
            else:
                raise Unknown
        if partition is None:
            raise Unknown
        return Range(partition, **found)

    def _page(
        self, table: Table, rows: Rows, data: Mapping[str, Any], wanted: Range, range_name: str
    ) -> Iterator[tuple[Key, Item]]:
        index_name, limit, start = data.get("IndexName"), data.get("Limit"), data.get("ExclusiveStartKey")
        forward = bool(data.get("ScanIndexForward", True))
        if not (limit is None or (isinstance(limit, int) and limit > 0)):
            raise Unknown
        order_keys = self._module["_index_order_keys"](table, [range_name])
        order_value = self._module["_index_order_value"]
        low, high, cursor = wanted.low, wanted.high, None
        if start:
            if not isinstance(start, dict) or any(name not in start for name, _ in order_keys):
                raise Unknown
            sort = _text(start[range_name])
            cursor = tuple(order_value(start, name, kind) for name, kind in order_keys)
            low, high = (max(low or sort, sort), high) if forward else (low, min(high or sort, sort))
        index = rows.index(index_name) if index_name else None
        size = items = 0
        for sort, group in groupby(rows.ranged(index, wanted.partition, low, high, forward), lambda one: one[0]):
            if not wanted.holds(sort):
                continue
            ordered = [
                (tuple(order_value(item, name, kind) for name, kind in order_keys), key, item) for _, key, item in group
            ]
            ordered.sort(key=lambda one: one[0], reverse=not forward)
            for position, key, item in ordered:
                if cursor is not None and (position <= cursor if forward else position >= cursor):
                    continue
                yield key, item
                items += 1
                part = self._module["_apply_index_projection"](item, table, index_name) if index_name else item
                size += self._module["_item_size_bytes"](part)
            # One more than the page takes: MiniStack sees that there are more.
            if size > self._module["_DDB_PAGE_SIZE_BYTES"] or (limit is not None and items > limit):
                return


def _clause(tokens: list[tuple[str, str]], names: Mapping[str, str]) -> tuple[str, str, list[str]]:
    """Attribute, comparison and operands of one condition on a key."""
    while tokens and tokens[0][0] == "LPAREN" and tokens[-1][0] == "RPAREN":
        tokens = tokens[1:-1]
    kinds = tuple("NAME" if kind in ("IDENT", "NAME_REF") else kind for kind, _ in tokens)

    def name(at: int) -> str:
        kind, text = tokens[at]
        return names.get(text, "") if kind == "NAME_REF" else text

    if len(kinds) == 3 and kinds[1] in _FLIPPED:
        if kinds[0] == "NAME" and kinds[2] == "VALUE_REF":
            return name(0), kinds[1], [tokens[2][1]]
        if kinds[0] == "VALUE_REF" and kinds[2] == "NAME":
            return name(2), _FLIPPED[kinds[1]], [tokens[0][1]]
    if kinds == ("NAME", "NAME", "VALUE_REF", "NAME", "VALUE_REF") and tokens[1][1].upper() == "BETWEEN":
        return name(0), "BETWEEN", [tokens[2][1], tokens[4][1]]
    if kinds == ("NAME", "LPAREN", "NAME", "COMMA", "VALUE_REF", "RPAREN") and tokens[0][1] == "begins_with":
        return name(2), "BEGINS", [tokens[4][1]]
    raise Unknown


def _bounds(kind: str, texts: list[str]) -> dict[str, Any]:
    first = texts[0]
    found: dict[str, dict[str, Any]] = {
        "EQ": {"low": first, "high": first},
        "LT": {"high": first, "high_open": True},
        "LE": {"high": first},
        "GT": {"low": first, "low_open": True},
        "GE": {"low": first},
        "BETWEEN": {"low": first, "high": texts[-1]},
        "BEGINS": {"low": first, "high": first + _LAST},
    }
    return found[kind]


def _text(value: Any) -> str:
    text = value.get("S") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(text, str) or not text:
        raise Unknown
    return text


def narrow(module: Any) -> Callable[[dict[str, Any]], Answer]:
    """The Query of MiniStack's module."""
    return Narrowed(module._query, vars(module))
