"""Labels that people gave: verdicts on alerts, laid over the labels of a history before a model learns from it."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fraud.verdict import FINDINGS

_FRAUD = FINDINGS[0]


class HistoryError(ValueError):
    """The file cannot be learned from."""


@dataclass
class Verdicts:
    """The last verdict by transaction, and their effect on the histories they were laid over."""

    by_transaction: Mapping[str, bool]  # whether it was fraud
    sha256: str  # of the file
    applied: int = field(default=0, init=False)  # rows that have a verdict
    changed: int = field(default=0, init=False)  # of which the label said otherwise, or nothing

    def label(self, table: pa.Table) -> pa.Table:
        """Give the table with `is_fraud` as text 0 or 1 in every row."""
        given = [_label(value) for value in pc.cast(table["is_fraud"], pa.string()).to_pylist()]
        labels = []
        for number, label in zip(table["trans_num"].to_pylist(), given, strict=True):
            found = self.by_transaction.get(number)
            if found is not None:
                self.applied += 1
                self.changed += found is not label
                label = found
            labels.append("1" if label else "0")
        at = table.column_names.index("is_fraud")
        return table.set_column(at, "is_fraud", pa.array(labels, pa.string()))

    def as_json(self) -> dict[str, object]:
        """What the model's card says of them."""
        return {
            "sha256": self.sha256,
            "given": len(self.by_transaction),
            "applied": self.applied,
            "changed": self.changed,
        }


def read_verdicts(path: Path) -> Verdicts:
    """Read a CSV file with the columns transaction_id and verdict, as `swipeline alerts verdicts` writes it.

    Raises HistoryError if it is of another form.
    """
    found: dict[str, bool] = {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not {"transaction_id", "verdict"} <= set(rows.fieldnames or ()):
            raise HistoryError(f"{path.name} lacks the columns transaction_id and verdict")
        for number, row in enumerate(rows, start=2):
            if row["verdict"] not in FINDINGS:
                raise HistoryError(
                    f"{path.name}, line {number}: a verdict is {' or '.join(FINDINGS)}, not {row['verdict']!r}"
                )
            found[row["transaction_id"]] = row["verdict"] == _FRAUD
    return Verdicts(found, hashlib.sha256(path.read_bytes()).hexdigest())


def _label(value: str | None) -> bool | None:
    """Read a label: None where there is none. What is none of both is left to fail, since no row may be guessed."""
    if value is None or value == "":
        return None
    if value not in ("0", "1"):
        raise HistoryError("is_fraud must be 0 or 1 in every row")
    return value == "1"
