"""What a crawl finds: tables with columns, a format, and partitions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column and its type, as the catalog names it."""

    name: str
    type: str


@dataclass(frozen=True)
class Format:
    """How a table's files are read."""

    name: str
    input: str
    output: str
    serde: str
    serde_parameters: dict[str, str]
    parameters: dict[str, str]


@dataclass
class Table:
    """A table at a location (ends in /): ``partitions`` has each folder by its values."""

    name: str
    location: str
    columns: list[Column]
    format: Format
    keys: list[str] = field(default_factory=list)
    partitions: dict[tuple[str, ...], str] = field(default_factory=dict)
    objects: int = 0
    bytes: int = 0
    compressed: bool = False

    def storage(self, location: str | None = None) -> dict[str, Any]:
        """The storage descriptor of the table, or of a partition at its own location."""
        return {
            "Columns": [{"Name": column.name, "Type": column.type} for column in self.columns],
            "Location": location or self.location,
            "InputFormat": self.format.input,
            "OutputFormat": self.format.output,
            "Compressed": self.compressed,
            "NumberOfBuckets": -1,
            "SerdeInfo": {"SerializationLibrary": self.format.serde, "Parameters": self.format.serde_parameters},
            "StoredAsSubDirectories": False,
            "Parameters": self.parameters(),
        }

    def parameters(self) -> dict[str, str]:
        """The table's parameters: its format's, and what the crawler counted."""
        return self.format.parameters | {
            "compressionType": "gzip" if self.compressed else "none",
            "typeOfData": "file",
            "objectCount": str(self.objects),
            "sizeKey": str(self.bytes),
        }


def merged(old: list[Column], new: list[Column]) -> list[Column]:
    """Join two schemas: columns stay where they are, a column's type widens, new ones come at the end."""
    types = {column.name: column.type for column in new}
    joined = [Column(name, _widest(kind, types.pop(name, kind))) for name, kind in old]
    return joined + [Column(name, kind) for name, kind in types.items()]


def _widest(one: str, other: str) -> str:
    if one == other:
        return one
    numbers = ["tinyint", "smallint", "int", "bigint", "float", "double"]
    if one in numbers and other in numbers:
        return numbers[max(numbers.index(one), numbers.index(other))]
    return "string"
