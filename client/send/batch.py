"""A batch: rows of a file that go out together, what is known of each, and the request bodies made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from client.files.row import Row

Finding = tuple[str, str]  # field, reason


@dataclass
class Batch:
    """Rows in the order of the file and, by row, whether it is acknowledged, its id, and why it is not stored.

    ``indexes`` has the cell of each column, for rows that have no values of their own; None: in the columns' order.
    """

    columns: Sequence[str]
    rows: list[Row]
    indexes: Sequence[int] | None = None
    ids: list[str | None] = field(init=False)
    findings: dict[int, list[Finding]] = field(init=False)  # by position; most rows have none
    acknowledged: list[bool] = field(init=False)
    resent: int = 0  # rows that the API said it had already

    def __post_init__(self) -> None:
        self.ids = [None] * len(self.rows)
        self.findings = {i: [("", row.problem)] for i, row in enumerate(self.rows) if row.problem}
        self.acknowledged = [False] * len(self.rows)
        for position in self.findings:
            self.acknowledged[position] = True  # rows that cannot be sent are settled

    def open_rows(self) -> list[int]:
        """Positions of the rows that the API has yet to acknowledge."""
        return [i for i, done in enumerate(self.acknowledged) if not done]

    def accept(self, position: int, transaction_id: str) -> None:
        """The API has stored a row under an id."""
        self.ids[position] = transaction_id
        self.acknowledged[position] = True

    def reject(self, position: int, findings: list[Finding]) -> None:
        """The API has rejected a row; a retry would not help."""
        self.findings[position] = findings
        self.acknowledged[position] = True

    def body(self, positions: list[int]) -> bytes:
        """The JSON array of some rows: texts as they stand in the file; columns without a value are left out."""
        names = list(zip(self.indexes or range(len(self.columns)), self.columns, strict=True))
        rows = [self.rows[p] for p in positions]
        if any(row.values is not None for row in rows):
            pairs = (zip(self.columns, row.values or (), strict=True) for row in rows)
            return orjson.dumps([{name: value for name, value in one if value is not None} for one in pairs])
        return orjson.dumps(
            [{name: cells[i] for i, name in names if cells[i] is not None} for cells in (row.cells for row in rows)]
        )


def idempotency_key(stage: str, body: bytes, run: str = "") -> str:
    """The same for the same rows on the same stage, whichever run sends them, unless the run has a name of its own."""
    return hashlib.sha256(f"{stage}{run}".encode() + b"\x1f" + body).hexdigest()
