"""How an item is stored: its attributes' names and types once per table, its values as one JSON array per item.

Thousands of items have the same attributes of the same types. The names and types, an item's shape, take more than half
of its bytes in DynamoDB's notation, so a shape is stored once and an item refers to it by number.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

Item = dict[str, dict[str, Any]]
Shape = tuple[tuple[str, ...], tuple[str, ...]]  # names and types, in the item's order
NO_SHAPE = 0  # the item is stored as it is


def split(item: Item) -> tuple[Shape, list[Any]] | None:
    """The shape and the values of an item; None for one that is not of DynamoDB's form."""
    types, values = [], []
    for value in item.values():
        if type(value) is not dict or len(value) != 1:
            return None
        ((kind, content),) = value.items()
        types.append(kind)
        values.append(content)
    return (tuple(item), tuple(types)), values


def join(shape: Shape, values: list[Any]) -> Item:
    """The item of a shape and its values: what :func:`split` took apart."""
    return {name: {kind: value} for name, kind, value in zip(*shape, values, strict=True)}


def dumps(value: Any) -> bytes:
    """JSON; text that is not valid Unicode is kept as escapes, which orjson refuses."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def loads(data: bytes) -> Any:
    """What :func:`dumps` made."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)
