"""A batch: rows of a file that go out together, what is known of each, and the request bodies made of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import orjson

from client.send.columns import NOT_SENT
from client.send.source import Row

Finding = tuple[str, str]  # field, reason


@dataclass
class Batch:
    """Rows in the order of the file and, by row, whether it is acknowledged, its id, and why it is not stored."""

    columns: list[str]
    rows: list[Row]
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
        """The API has refused a row for good."""
        self.findings[position] = findings
        self.acknowledged[position] = True

    def body(self, positions: list[int]) -> bytes:
        """The JSON array of some rows: texts as they stand in the file; columns that carry nothing are left out."""
        names = [(i, name) for i, name in enumerate(self.columns) if name not in NOT_SENT]
        cells = (self.rows[p].cells for p in positions)
        return orjson.dumps([{name: row[i] for i, name in names if row[i] is not None} for row in cells])


def idempotency_key(stage: str, body: bytes) -> str:
    """The same for the same rows on the same stage, whichever run sends them."""
    return hashlib.sha256(stage.encode() + b"\x1f" + body).hexdigest()
