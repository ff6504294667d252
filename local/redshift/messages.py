"""DuckDB's errors in Redshift's words, with the SQLSTATE, where people and programs look for them."""

from __future__ import annotations

import re

from local.redshift.errors import NotSupported, SqlError

_CHECK = re.compile(r"CHECK\(\(strlen\((?:rtrim\()?\"?(\w+)\"?\)?\) <= (\d+)\)\)")
_PYTHON = re.compile(r"Python exception occurred while executing the UDF: \w+: (.*)", re.DOTALL)


def redshift_error(error: Exception) -> SqlError:
    """An error of DuckDB's as Redshift reports it; DuckDB's own words where there are no better ones."""
    whole = str(error)
    python = _PYTHON.search(whole)
    if python:
        text = python[1].split("\n\nAt:")[0].strip().removeprefix("ERROR: ")
        if text.startswith("not supported by the embedded warehouse: "):
            return NotSupported(text.partition(": ")[2])
        return SqlError(text)
    text = whole.split("\n\nLINE")[0].splitlines()[0]
    check = _CHECK.search(text)
    if check:
        kind = "character" if "rtrim" in text else "character varying"
        return SqlError(f"Value too long for type {kind}({check[2]}) in column {check[1]}", "22001")
    null = re.search(r"NOT NULL constraint failed: (?:\w+\.)*(\w+)", text)
    if null:
        return SqlError(f"Cannot insert a NULL value into column {null[1]}", "23502")
    missing = re.search(r"(Table|Schema|View|Scalar Function) with name \"?([\w.]+)\"? does not exist", text)
    if missing:
        noun = {"Table": "relation", "View": "relation", "Schema": "schema"}.get(missing[1], "function")
        state = {"relation": "42P01", "schema": "3F000"}.get(noun, "42883")
        return SqlError(f'{noun} "{missing[2]}" does not exist', state)
    column = re.search(r'Referenced column "(\w+)" not found', text)
    if column:
        return SqlError(f'column "{column[1]}" does not exist', "42703")
    grouped = re.search(r'column "?(\w+)"? must appear in the GROUP BY clause', text)
    if grouped:
        return SqlError(
            f'column "{grouped[1]}" must appear in the GROUP BY clause or be used in an aggregate function', "42803"
        )
    plain = re.sub(r"^(\w+ )+Error: ", "", text)
    if re.search(
        r"[Oo]verflow|Could not cast value .* to DECIMAL|can't be cast because the value is out of range", text
    ):
        return SqlError(f"Numeric data overflow ({plain})", "22003")
    return SqlError(plain)
