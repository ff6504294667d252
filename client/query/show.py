"""Transactions as a table for people, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from client.csv_cells import harmless
from shared.transaction.schema import Transaction

_LABELS = {None: "", False: "0", True: "1"}  # as in the Kaggle file


def table(rows: Iterable[dict[str, Any]]) -> Table:
    """One line per transaction: time, place, amount, card, and the ID for further queries."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    made.add_column("when (UTC)", no_wrap=True)
    made.add_column("card", no_wrap=True)
    made.add_column("merchant", no_wrap=True, max_width=24, overflow="ellipsis")
    made.add_column("category", no_wrap=True)
    made.add_column("dollars", justify="right", no_wrap=True)
    made.add_column("label", no_wrap=True)
    made.add_column("id", no_wrap=True)
    for row in rows:
        when = row["occurred_at"].replace("T", " ").removesuffix("Z").removesuffix(".000")
        label = {True: "fraud", False: "", None: ""}[row["is_fraud"]]
        amount = f"{Decimal(row['amount']):,.2f}"
        cells = (when, f"…{row['card_last4']}", row["merchant"], row["category"], amount, label, row["transaction_id"])
        made.add_row(*map(escape, cells), style="red" if row["is_fraud"] else None)
    return made


def write_csv(rows: Iterable[dict[str, Any]], out: TextIO) -> int:
    """Write a header and the rows, all fields; give how many there were. No cell is a formula to a spreadsheet."""
    writer = csv.DictWriter(out, Transaction._fields, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow(harmless(row) | {"is_fraud": _LABELS[row["is_fraud"]]})
        count += 1
    return count
