"""Answers a page of a Scan, or a PartiQL SELECT, from the part of the table that it is about.

MiniStack sorts, hashes and filters a whole table for every page. Here its function sees a table that has only the items
after the ExclusiveStartKey. An index is read in the order of its partitions. A table whose sort key is no text is left
to MiniStack, whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from local.tables.encoding import Item
from local.tables.items import StoredItems, Table
from local.tables.keys import Key, key_text
from local.tables.rows import Rows

ITEMS = 4_000  # a page holds 1 MB, about 1,600 transactions
NO_SORT = "__no_sort__"

Answer = tuple[int, Any, bytes]
Found = list[tuple[Key, Item]]


def as_items(found: Found) -> dict[str, dict[str, Item]]:
    """Items by partition and sort key."""
    items: dict[str, dict[str, Item]] = {}
    for key, item in found:
        items.setdefault(key.partition, {})[key.sort] = item
    return items


def in_segment(segment: int, segments: int) -> Callable[[str], bool]:
    """Whether a partition belongs to a segment of a parallel scan, as MiniStack decides it."""

    def belongs(partition: str) -> bool:
        return (
            int.from_bytes(hashlib.sha1(partition.encode(), usedforsecurity=False).digest()[:4], "big") % segments
            == segment
        )

    return belongs


class PagedScan:
    """MiniStack's `_scan`, page by page."""

    def __init__(self, scan: FunctionType, module: Mapping[str, Any]) -> None:
        self._scan, self._module = scan, module

    def __call__(self, data: dict[str, Any]) -> Answer:
        name = self._module["_normalize_table_name"](data.get("TableName"))
        table = self._module["_tables"].get(name)
        start = data.get("ExclusiveStartKey")
        if not table or not isinstance(table.get("items"), StoredItems) or len(table["items"]) == 0:
            return self._plain(data)
        if start is not None and not isinstance(start, dict):
            return self._plain(data)
        index = table["items"].rows.index(data["IndexName"]) if data.get("IndexName") else None
        if data.get("IndexName") and index is None:
            return self._plain(data)
        keys = [table["pk_name"], table.get("sk_name"), *(index.hashes + index.ranges if index else ())]
        if start is not None and not all(one in start for one in keys if one):
            return self._on(name, table | {"items": {}}, data)  # for its error
        if index:
            return self._index_page(name, table, data, index.name)
        if _sorted_by_text(table):
            return self._page(name, table, data, start)
        return self._plain(data)

    def _plain(self, data: dict[str, Any]) -> Answer:
        answer: Answer = self._scan(data)
        return answer

    def _on(self, name: str, view: Table, data: dict[str, Any]) -> Answer:
        """MiniStack's answer, were this the only table: nothing is shared, nothing swapped."""
        seen = FunctionType(self._scan.__code__, {**self._module, "_tables": {name: view}}, self._scan.__name__)
        answer: Answer = seen(data)
        return answer

    def _page(self, name: str, table: Table, data: dict[str, Any], start: Any) -> Answer:
        rows: Rows = table["items"].rows
        after = None
        if start is not None:
            sort = table.get("sk_name")
            after = Key(key_text(start[table["pk_name"]]), key_text(start[sort]) if sort else NO_SORT)
        found = rows.after(after, ITEMS + 1, _belongs(data))
        page, more = found[:ITEMS], len(found) > ITEMS
        answer = self._on(name, table | {"items": as_items(page)}, data)
        return _with_last_key(answer, _key(table, page[-1][1])) if more else answer

    def _index_page(self, name: str, table: Table, data: dict[str, Any], index_name: str) -> Answer:
        """An index's page in an order that MiniStack does not have: the page is cut here."""
        rows: Rows = table["items"].rows
        index = rows.index(index_name)
        assert index is not None
        start, limit = data.get("ExclusiveStartKey"), data.get("Limit")
        from_key = None
        if start is not None:
            sort = table.get("sk_name")
            from_key = (
                [key_text(start[one]) for one in index.hashes],
                [key_text(start[one]) for one in index.ranges],
                Key(key_text(start[table["pk_name"]]), key_text(start[sort]) if sort else NO_SORT),
            )
        found = rows.index_after(index, from_key, ITEMS + 1, _belongs(data))
        page: Found = []
        size = 0
        for key, item in found[:ITEMS]:
            bytes_of = self._module["_item_size_bytes"](
                self._module["_apply_index_projection"](item, table, index_name)
            )
            if page and size + bytes_of > self._module["_DDB_PAGE_SIZE_BYTES"]:
                break
            page.append((key, item))
            size += bytes_of
            if isinstance(limit, int) and 0 < limit <= len(page):
                break
        request = {name: value for name, value in data.items() if name not in ("ExclusiveStartKey", "Limit")}
        if not (limit is None or (isinstance(limit, int) and limit > 0)):
            request["Limit"] = limit  # for its error
        answer = self._on(name, table | {"items": as_items(page)}, request)
        whole = len(page) == len(found) and not (isinstance(limit, int) and limit == len(page))
        last = _key(table, page[-1][1]) if page else {}
        if page:
            last |= {one: page[-1][1][one] for one in index.hashes + index.ranges}
        return answer if whole or not page else _with_last_key(answer, last)


def _sorted_by_text(table: Table) -> bool:
    """Whether the database has the items of a partition in MiniStack's order; numbers and bytes sort differently."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", ())}
    return not table.get("sk_name") or types.get(table["sk_name"]) == "S"


def _belongs(data: Mapping[str, Any]) -> Callable[[str], bool] | None:
    """Which partitions a scan is about; None: all of them, or a request that MiniStack refuses."""
    try:
        segment, segments = int(data["Segment"]), int(data["TotalSegments"])
    except (KeyError, TypeError, ValueError):
        return None
    return in_segment(segment, segments) if 0 <= segment < segments else None


def _key(table: Table, item: Item) -> dict[str, Any]:
    return {name: item[name] for name in (table["pk_name"], table.get("sk_name")) if name}


def _with_last_key(answer: Answer, key: dict[str, Any]) -> Answer:
    status, headers, body = answer
    if status == 200:
        page = json.loads(body)
        if "LastEvaluatedKey" not in page:
            page["LastEvaluatedKey"] = key
            body = json.dumps(page, ensure_ascii=False).encode()
    return status, headers, body


def selected(select: Callable[[Table, dict[str, Any]], Answer]) -> Callable[[Table, dict[str, Any]], Answer]:
    """MiniStack's `_partiql_select`, given only what the statement's WHERE holds for."""

    def select_from(table: Table, parsed: dict[str, Any]) -> Answer:
        if not isinstance(table.get("items"), StoredItems):
            return select(table, parsed)
        rows: Rows = table["items"].rows
        where = parsed.get("where_fn") or (lambda item: True)
        keys = {
            attribute: value["S"]  # a number may be written in another form than it is stored in
            for attribute, operator, value in parsed.get("conditions") or []
            if operator == "=" and isinstance(value, dict) and value.keys() == {"S"}
        }
        partition, sort = keys.get(table["pk_name"]), keys.get(table.get("sk_name") or "")
        if partition is not None and (sort is not None or not table.get("sk_name")):
            key = Key(partition, NO_SORT if sort is None else sort)
            item = rows.get(key)
            found = [(key, item)] if item is not None else []
        elif partition is not None:  # and perhaps a sort key that is no text
            found = [(Key(partition, one), item) for one, item in rows.partition(partition)]
        else:
            found = [(key, item) for key, item in rows.all() if where(item)]
        return select(table | {"items": as_items(found)}, parsed)

    return select_from


def selected_from_index(
    select: Callable[[Table, dict[str, Any], dict[str, Any]], Answer],
) -> Callable[[Table, dict[str, Any], dict[str, Any]], Answer]:
    """MiniStack's `_partiql_select_index`, given one partition of the index where the statement names it."""

    def select_from(table: Table, parsed: dict[str, Any], data: dict[str, Any]) -> Answer:
        index = table["items"].rows.index(parsed["index"]) if isinstance(table.get("items"), StoredItems) else None
        if index is None or len(index.hashes) != 1:
            return select(table, parsed, data)
        for attribute, operator, value in parsed.get("conditions") or []:
            if attribute == index.hashes[0] and operator == "=" and isinstance(value, dict) and value.keys() == {"S"}:
                ranged = table["items"].rows.ranged(index, value["S"], None, None, True)
                return select(table | {"items": as_items([(key, item) for _, key, item in ranged])}, parsed, data)
        return select(table, parsed, data)

    return select_from
