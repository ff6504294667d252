"""A batch: rows of a file that go out together, what is known of each, and the request bodies made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

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
    findings: list[list[Finding]] = field(init=False)
    acknowledged: list[bool] = field(init=False)
    resent: int = 0  # rows that the API said it had already

    def __post_init__(self) -> None:
        self.ids = [None] * len(self.rows)
        self.findings = [[("", row.problem)] if row.problem else [] for row in self.rows]
        self.acknowledged = [bool(row.problem) for row in self.rows]  # rows that cannot be sent are settled

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
        rows = [self.rows[p] for p in positions]
        columns, indexes = self.columns, self.indexes or range(len(self.columns))
        whole: Callable[[Sequence[str | None]], Sequence[str | None]] = (
            itemgetter(*indexes) if len(indexes) > 1 else lambda cells: [cells[i] for i in indexes]
        )
        found = (whole(row.cells) if row.values is None else row.values for row in rows)
        return orjson.dumps(
            [
                # Most rows have a value in each column: the filter would take as long as the reading of the file.
                dict(zip(columns, values, strict=True))
                if None not in values
                else {name: value for name, value in zip(columns, values, strict=True) if value is not None}
                for values in found
            ]
        )


def idempotency_key(stage: str, body: bytes, run: str = "") -> str:
    """The same for the same rows on the same stage, whichever run sends them, unless the run has a name of its own."""
    return hashlib.sha256(f"{stage}{run}".encode() + b"\x1f" + body).hexdigest()
