"""Items of texts, numbers, booleans and nulls: checked and measured in one walk. Others are MiniStack's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from local.tables.encoding import Item

MOST_BYTES = 64 * 1024  # DynamoDB's limit is 400 KB; what comes near it is measured by MiniStack
_SIMPLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,17}[1-9])?|-?[1-9][0-9]{0,17}\.[0-9]{1,17}")


class NotPlain(Exception):
    """Something that is left to MiniStack."""


class Plain:
    """Looks at values with the rules of MiniStack's module."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self.number = lru_cache(maxsize=65_536)(self._number)
        self._name_bytes = lru_cache(maxsize=4_096)(lambda name: len(name.encode()))

    def take_apart(self, item: Item) -> tuple[list[str], list[Any], int]:
        """Types, values and size in bytes of an item, whose numbers are in their one form afterwards."""
        kinds, values, size = [], [], 0
        for name, value in item.items():
            if type(value) is not dict or len(value) != 1 or not name:
                raise NotPlain
            ((kind, content),) = value.items()
            if kind == "S" and type(content) is str:
                size += len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))
            elif kind == "N" and type(content) is str:
                content, bytes_of = self.number(content)
                value["N"] = content
                size += bytes_of
            elif (kind == "BOOL" and type(content) is bool) or (kind == "NULL" and content is True):
                size += 1
            else:
                raise NotPlain
            size += self._name_bytes(name)
            kinds.append(kind)
            values.append(content)
        if size > MOST_BYTES:
            raise NotPlain
        return kinds, values, size

    def target(self, name: str) -> Any:
        """A stored table whose writes nobody else hears of."""
        module = self._module
        table = module._tables.get(name)
        if not table or module._kinesis_destinations._data or not hasattr(table.get("items"), "rows"):
            raise NotPlain
        if (table.get("StreamSpecification") or {}).get("StreamEnabled") or table.get("VectorIndexes"):
            raise NotPlain
        if len(module._replica_group(table)) > 1 or table.get("LocalSecondaryIndexes"):
            raise NotPlain
        if any(definition["AttributeType"] != "S" for definition in table["AttributeDefinitions"]):
            raise NotPlain
        return table

    def _number(self, text: str) -> tuple[str, int]:
        """A number in its one form, and its bytes."""
        module = self._module
        if _SIMPLE.fullmatch(text) and text != "-0":
            canonical = text.rstrip("0").rstrip(".") if "." in text else text
            return canonical, int(module._number_size_bytes(canonical))
        if module._number_error(text) is not None or (canonical := module._ddb_canonicalize_number(text)) is None:
            raise NotPlain
        return str(canonical), int(module._number_size_bytes(canonical))


def kilobytes(size: int) -> float:
    """Write units of a number of bytes."""
    return max(1.0, float(-(-size // 1024)))
