"""The fast path of BatchWriteItem: puts of plain items into one table, each checked once, all stored together.

MiniStack checks an item twice and measures it five times. Anything else (deletes, nested values, sets, binary values,
tables with a stream or a replica, items that exist already or are invalid) is left to MiniStack, whose answers and
errors define the behavior.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from local.tables.encoding import NO_SHAPE, Item, dumps
from local.tables.items import Table, set_counts
from local.tables.keys import Key
from local.tables.plain import NotPlain, Plain, kilobytes
from local.tables.rows import Rows

Answer = tuple[int, Any, bytes]
MOST_PUTS = 25
MOST_KEY_CHARACTERS = 256  # a key may have 1,024 bytes


class Put(NamedTuple):
    """An item whose values are texts, numbers, booleans and nulls: its key, its shape and values, its size."""

    key: Key
    item: Item
    shape: int
    body: bytes
    size: int


class Batches:
    """MiniStack's `_batch_write_item`, and the fast path before it."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._write: Callable[[dict[str, Any]], Answer] = module._batch_write_item
        self._plain = Plain(module)

    def __call__(self, data: dict[str, Any]) -> Answer:
        try:
            return self._fast(data)
        except NotPlain:
            return self._write(data)

    def _fast(self, data: dict[str, Any]) -> Answer:
        name, table, requests = self._target(data)
        rows: Rows = table["items"].rows
        with rows.database.lock:
            plain = [self._put(table, rows, request) for request in requests]
            if len({one.key for one in plain}) != len(plain) or not rows.insert_new([one[:4] for one in plain]):
                raise NotPlain
        set_counts(table)
        answer: dict[str, Any] = {"UnprocessedItems": {}}
        wanted = data.get("ReturnConsumedCapacity", "NONE")
        if wanted != "NONE":
            answer["ConsumedCapacity"] = [self._capacity(name, table, plain, wanted)]
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, orjson.dumps(answer)

    def _target(self, data: Mapping[str, Any]) -> tuple[str, Table, list[Any]]:
        """The one table of a request, and what is put into it."""
        by_table = data.get("RequestItems")
        if not isinstance(by_table, dict) or len(by_table) != 1:
            raise NotPlain
        if not data.keys() <= {"RequestItems", "ReturnConsumedCapacity"}:
            raise NotPlain
        ((name, requests),) = by_table.items()
        table = self._plain.target(name)
        if data.get("ReturnConsumedCapacity", "NONE") not in ("NONE", "TOTAL", "INDEXES"):
            raise NotPlain
        if not isinstance(requests, list) or not 0 < len(requests) <= MOST_PUTS:
            raise NotPlain
        return name, table, requests

    def _put(self, table: Table, rows: Rows, request: Any) -> Put:
        if type(request) is not dict or request.keys() != {"PutRequest"}:
            raise NotPlain
        put = request["PutRequest"]
        item = put.get("Item") if type(put) is dict and len(put) == 1 else None
        if type(item) is not dict:
            raise NotPlain
        kinds, values, size = self._plain.take_apart(item)
        key = self._key(rows, item)
        shape = rows.shapes.number((tuple(item), tuple(kinds)))
        return Put(key, item, shape, dumps(item if shape == NO_SHAPE else values), size)

    def _key(self, rows: Rows, item: Item) -> Key:
        """The item's key. Only texts are plain, as keys of the table and of its indexes."""
        partition, sort = rows.keys
        for name in rows.key_names:
            value = item.get(name)
            if value is None:
                if name in rows.keys:
                    raise NotPlain
            elif not (text := value.get("S")) or len(text) > MOST_KEY_CHARACTERS:
                raise NotPlain
        return Key(item[partition]["S"], item[sort]["S"] if sort else "__no_sort__")

    def _capacity(self, name: str, table: Table, plain: list[Put], wanted: str) -> dict[str, Any]:
        """What DynamoDB charges for new items: a unit per kilobyte or part of one, in the table and in each index."""
        units = sum(kilobytes(one.size) for one in plain)
        by_index: dict[str, float] = {}
        for index in table.get("GlobalSecondaryIndexes") or []:
            of_index = sum(self._index_units(table, index, one) for one in plain)
            if of_index:
                by_index[index["IndexName"]] = of_index
        found: dict[str, Any] = {"TableName": name, "CapacityUnits": units + sum(by_index.values())}
        if wanted == "INDEXES":
            found["Table"] = {"CapacityUnits": units}
            if by_index:
                found["GlobalSecondaryIndexes"] = {one: {"CapacityUnits": u} for one, u in by_index.items()}
        return found

    def _index_units(self, table: Table, index: dict[str, Any], one: Put) -> float:
        if (index.get("Projection") or {}).get("ProjectionType", "ALL") == "ALL":
            whole = all(key["AttributeName"] in one.item for key in index.get("KeySchema") or [])
            return kilobytes(one.size) if whole else 0.0
        if one.size <= 1024 and all(key["AttributeName"] in one.item for key in index.get("KeySchema") or []):
            return 1.0
        return float(self._module._index_write_units(table, index, None, one.item))
