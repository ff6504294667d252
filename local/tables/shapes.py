"""The shapes of one table's items: their names and types, stored once."""

from __future__ import annotations

import json

from local.tables.database import Database
from local.tables.encoding import NO_SHAPE, Item, Shape, dumps, join, loads, split

MOST_SHAPES = 10_000  # of one table: items whose attribute names are data must not fill the memory


class Shapes:
    """Numbers of shapes, and items by them."""

    def __init__(self, database: Database, table: int) -> None:
        self._database, self._table = database, table
        self._numbers: dict[Shape, int] = {}
        self._shapes: dict[int, Shape] = {}

    def load(self) -> None:
        """Read what the database has; after a rollback, again."""
        self._numbers, self._shapes = {}, {}
        for number, text in self._database.read("SELECT id, shape FROM shapes WHERE table_id = ?", (self._table,)):
            names, types = json.loads(text)
            self._learn(number, (tuple(names), tuple(types)))

    def _learn(self, number: int, shape: Shape) -> None:
        self._numbers[shape], self._shapes[number] = number, shape

    def number(self, shape: Shape) -> int:
        """The number of a shape, which is stored if it is new; NO_SHAPE when there are too many."""
        number = self._numbers.get(shape)
        if number is None:
            if len(self._shapes) >= MOST_SHAPES:
                return NO_SHAPE
            cursor = self._database.write(
                "INSERT INTO shapes (table_id, shape) VALUES (?, ?)", (self._table, json.dumps(shape))
            )
            number = int(cursor.lastrowid or 0)
            self._learn(number, shape)
        return number

    def encode(self, item: Item) -> tuple[int, bytes]:
        """The number of an item's shape, and its values."""
        parts = split(item)
        if parts is None:
            return NO_SHAPE, dumps(item)
        number = self.number(parts[0])
        return number, dumps(item if number == NO_SHAPE else parts[1])

    def decode(self, number: int, body: bytes) -> Item:
        """The item of a row."""
        values = loads(body)
        return values if number == NO_SHAPE else join(self._shapes[number], values)
