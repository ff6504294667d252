"""A frame as an Excel workbook: its rows, and a first sheet that says what they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import xlsxwriter

from dashboard.columns import IN_CENTS, IN_PERCENT
from dashboard.csv_file import cells

_EARLIEST = datetime.fromisoformat("1900-03-01")  # before it, Excel's calendar has a day that never was
_LONGEST = 32_767  # characters that a cell takes
_FORMATS = {"money": "#,##0.00", "share": "0.000%", "time": "yyyy-mm-dd hh:mm:ss"}
# A text stays a text, whatever it begins with.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def to_excel(data: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """A workbook with the sheets "About" (``about``: name to text) and "Data"."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, _OPTIONS) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        formats = {name: book.add_format({"num_format": text}) for name, text in _FORMATS.items()}
        sheet = book.add_worksheet("About")
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 1, 90)
        for number, (name, text) in enumerate(about.items()):
            sheet.write_string(number, 0, name, bold)
            sheet.write_string(number, 1, text[:_LONGEST])
        rows = book.add_worksheet("Data")
        rows.freeze_panes(1, 0)
        for number, name in enumerate(data.columns):
            rows.write_string(0, number, str(name), bold)
            rows.set_column(number, number, 18)
            kind = "money" if name in IN_CENTS else "share" if name in IN_PERCENT else ""
            for row, value in enumerate(cells(data[name]), start=1):
                _write(rows, row, number, value, formats, kind)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, formats: Mapping[str, Any], kind: str) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, formats.get(kind))
    elif isinstance(value, datetime):
        if value >= _EARLIEST:
            sheet.write_datetime(row, column, value, formats["time"])
        else:
            sheet.write_string(row, column, value.isoformat(sep=" "))
    else:
        sheet.write_string(row, column, str(value)[:_LONGEST])
