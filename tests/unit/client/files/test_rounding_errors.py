"""Amounts of doubles: a rounding error does not cost a row; an amount that really has more decimals is refused."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.client.files.tables import read, rows

ROUNDED = {17.54 * 5: "87.7", 0.1 + 0.2: "0.3", 1.1 + 2.2: "3.3", 4.35 * 100: "435", 8.7 * 3: "26.1"}
OWN = {12.345: "12.345", 0.1234567890123456: None, 87.6999: "87.6999", 5.25: "5.25", 900.0: "900"}


def written(folder: Path, kind: str, amounts: list[float]) -> Path:
    content = rows(len(amounts))
    columns = {name: [row[name] for row in content] for name in content[0]} | {"amt": amounts}
    path = folder / f"file.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table(columns), path)
        return path
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in ([*columns], *zip(*columns.values(), strict=True)):
        sheet.append(line)
    book.save(path)
    return path


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_a_rounding_error_is_left_out_and_nothing_else(tmp_path: Path, kind: str) -> None:
    assert all(len(repr(amount)) >= 16 for amount in ROUNDED), "each has a rounding error"
    found = read(written(tmp_path, kind, [*ROUNDED, *OWN]))
    for text, (amount, wanted) in zip((row["amt"] for row in found), (ROUNDED | OWN).items(), strict=True):
        if wanted is None:
            assert len(text) > 12, "its decimals are its own: the API refuses them"
        else:
            assert text == wanted, amount
