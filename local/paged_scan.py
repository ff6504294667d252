"""Lets MiniStack answer a page of a Scan from the part of the table that the page is about.

MiniStack 1.5.33 sorts, hashes and filters the whole table for every page of a Scan: reading 100,000 items took 20 s of
the one thread that also takes the writes. Here a page is given only the items after its ExclusiveStartKey, in the same
order. A Scan sees what was there when its first page was asked for, and what is written meanwhile perhaps: as on AWS.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

ITEMS = 4_000  # a page holds 1 MB, about 1,600 transactions
_MISSING = object()

Key = tuple[str, str]
Table = dict[str, Any]


class Order:
    """The keys of a table in the order of a Scan, as they were when some Scan began."""

    def __init__(self) -> None:
        self._keys: dict[int, list[Key]] = {}

    def begin(self, table: Table) -> list[Key]:
        """Reload the table's keys."""
        keys = sorted((pk, sk) for pk, items in table["items"].items() for sk in items)
        self._keys[id(table["items"])] = keys
        return keys

    def after(self, table: Table, start: Key | None) -> list[Key]:
        """The next keys after `start`; one more than a page is returned if there are more."""
        keys = self._keys.get(id(table["items"])) if start is not None else None
        if keys is None:
            keys = self.begin(table)
        at = 0 if start is None else bisect_right(keys, start)
        return keys[at : at + ITEMS + 1]


def view_of(table: Table, keys: list[Key]) -> Table:
    """The table as if it held these keys only."""
    items: dict[str, dict[str, Any]] = {}
    for pk, sk in keys:
        item = table["items"].get(pk, {}).get(sk, _MISSING)
        if item is not _MISSING:
            items.setdefault(pk, {})[sk] = item
    return table | {"items": items}


def paged(scan: FunctionType, module: Mapping[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """A Scan that gives the same answers as `scan`, a function of MiniStack's module `module`, page by page."""
    order = Order()
    value_of = module["_extract_key_val"]

    def scan_page(data: dict[str, Any]) -> Any:
        name = module["_normalize_table_name"](data.get("TableName"))
        table = module["_tables"].get(name)
        if not table or data.get("IndexName") or len(table["items"]) == 0:
            return scan(data)
        start = data.get("ExclusiveStartKey")
        if start is not None and not (isinstance(start, dict) and table["pk_name"] in start):
            return scan(data)  # for its error
        sort = table.get("sk_name")
        from_key: Key | None = None
        if start is not None:
            from_key = value_of(start[table["pk_name"]]), value_of(start.get(sort, {})) if sort else ""
        keys = order.after(table, from_key)
        page, more = keys[:ITEMS], len(keys) > ITEMS
        # The same function with a table of the page's items in place of all tables: nothing is shared, nothing swapped.
        seen = FunctionType(scan.__code__, {**module, "_tables": {name: view_of(table, page)}}, scan.__name__)
        status, headers, body = seen(data)
        if status == 200 and more:
            answer = json.loads(body)
            if "LastEvaluatedKey" not in answer:
                answer["LastEvaluatedKey"] = _key(table, page[-1])
                body = json.dumps(answer, ensure_ascii=False).encode()
        return status, headers, body

    return scan_page


def _key(table: Table, key: Key) -> dict[str, Any]:
    """A key in DynamoDB's notation."""
    kinds = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    names = [name for name in (table["pk_name"], table.get("sk_name")) if name]
    return {name: {kinds[name]: value} for name, value in zip(names, key, strict=False)}


def page_scans() -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more: is it still needed?"""
    from ministack.services import dynamodb

    dynamodb._scan = paged(dynamodb._scan, vars(dynamodb))
