"""COPY's conversion of text to a column's type: as DuckDB SQL for all rows at once, and the reason when it fails."""

from __future__ import annotations

import re

from local.redshift.catalog import TableColumn
from local.redshift.copy_parse import CopyCommand
from local.redshift.types import ColumnType

_TRUE = "('t', 'true', 'y', 'yes', '1')"
_FALSE = "('f', 'false', 'n', 'no', '0')"
_RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_AUTO_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y")
_DEFAULT_TIMESTAMP = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?([+-]\d{2}(:?\d{2})?)?"
# Redshift's format letters, longest first. https://docs.aws.amazon.com/redshift/latest/dg/r_DATEFORMAT_and_TIMEFORMAT_strings.html
_LETTERS = {"YYYY": "%Y", "MONTH": "%B", "MON": "%b", "HH24": "%H", "HH12": "%I", "YY": "%y", "MM": "%m"}
_LETTERS |= {"DDD": "%j", "DD": "%d", "HH": "%H", "MI": "%M", "SS": "%S", "AM": "%p", "PM": "%p", "OF": "%z"}
_LETTER = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def strptime_format(redshift_format: str) -> str:
    """'YYYY-MM-DDTHH24:MI:SS' -> '%Y-%m-%dT%H:%M:%S'."""
    return _LETTER.sub(lambda m: _LETTERS[m[0]], redshift_format.upper().replace("%", "%%"))


def cleaned(raw: str, column: ColumnType, command: CopyCommand, default_null: str | None) -> str:
    """SQL for the field's text after NULL AS, EMPTYASNULL and BLANKSASNULL. Blank is NULL for all but text columns."""
    null_as = command.null_as if command.null_as is not None else default_null
    value = raw if null_as is None else f"nullif({raw}, {literal(null_as)})"
    if not column.is_text:
        return f"nullif(trim({value}), '')"
    if "BLANKSASNULL" in command.flags:
        return f"CASE WHEN trim({value}) = '' AND {value} <> '' THEN NULL ELSE {_empty(value, command)} END"
    return _empty(value, command)


def _empty(value: str, command: CopyCommand) -> str:
    return f"nullif({value}, '')" if "EMPTYASNULL" in command.flags else value


def converted(x: str, column: ColumnType, command: CopyCommand) -> str:
    """SQL for the typed value of text `x`; NULL when it can't be converted."""
    if column.name == "character varying":
        fitting = f"CASE WHEN strlen({x}) <= {column.length} THEN {x} END"
        return f"rs_cut({x}, {column.length})" if "TRUNCATECOLUMNS" in command.flags else fitting
    if column.name == "character":
        text = f"rtrim({x})"
        if "TRUNCATECOLUMNS" in command.flags:
            return f"CASE WHEN strlen({x}) = length({x}) THEN left({text}, {column.length}) END"
        return f"CASE WHEN strlen({text}) <= {column.length} AND strlen({x}) = length({x}) THEN {text} END"
    if column.name in _RANGES:
        return f"CASE WHEN regexp_full_match({x}, '[+-]?[0-9]+') THEN TRY_CAST({x} AS {column.duckdb}) END"
    if column.name == "numeric":
        # "By default, COPY truncates values when necessary to fit the scale of the column"; ROUNDEC rounds.
        keep = rf"'^([+-]?[0-9]*\.[0-9]{{{column.scale}}})[0-9]+$'"
        text = x if "ROUNDEC" in command.flags else f"regexp_replace({x}, {keep}, '\\1')"
        return f"TRY_CAST({text} AS {column.duckdb})"
    if column.name == "boolean":
        return f"CASE WHEN lower({x}) IN {_TRUE} THEN true WHEN lower({x}) IN {_FALSE} THEN false END"
    if column.name == "date":
        return _date(x, command.date_format)
    if column.name.startswith("timestamp"):
        return _timestamp(x, column, command.time_format)
    return f"TRY_CAST({x} AS {column.duckdb})"


def _date(x: str, date_format: str) -> str:
    if date_format.lower() == "auto":
        formats = ", ".join(literal(f) for f in _AUTO_DATES)
        # The cast is the fast path for the canonical form and for timestamps, whose time is dropped.
        return f"COALESCE(TRY_CAST({x} AS DATE), CAST(try_strptime({x}, [{formats}]) AS DATE))"
    if date_format:
        return f"CAST(try_strptime({x}, {literal(strptime_format(date_format))}) AS DATE)"
    return f"CASE WHEN regexp_full_match({x}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN TRY_CAST({x} AS DATE) END"


def _timestamp(x: str, column: ColumnType, time_format: str) -> str:
    kind = time_format.lower()
    if kind in ("epochsecs", "epochmillisecs"):
        factor = 1_000_000 if kind == "epochsecs" else 1_000
        micros = f"CAST(TRY_CAST({x} AS DECIMAL(38,6)) * {factor} AS BIGINT)"
        return f"CAST(make_timestamp({micros}) AS {column.duckdb})"
    if kind == "auto":
        return f"TRY_CAST({x} AS {column.duckdb})"
    if time_format:
        return f"CAST(try_strptime({x}, {literal(strptime_format(time_format))}) AS {column.duckdb})"
    return f"CASE WHEN regexp_full_match({x}, {literal(_DEFAULT_TIMESTAMP)}) THEN TRY_CAST({x} AS {column.duckdb}) END"


def reason(column: TableColumn, text: str | None) -> tuple[int, str]:
    """(err_code, err_reason) of a field that has no converted value. Codes: AWS, "Load error reference"."""
    kind = column.type
    if text is None:
        return 1213, "Missing data for not-null field"
    if kind.name == "character" and not text.isascii():
        bad = " ".join(f"{byte:02x}" for byte in next(c for c in text if ord(c) > 127).encode())
        return 1220, f"Multibyte character not supported for CHAR (Hint: try using VARCHAR). Invalid char: {bad}"
    if kind.is_text:
        return 1204, "String length exceeds DDL length"
    if kind.name in _RANGES:
        if re.fullmatch(r"[+-]?\d+", text):
            edge = _RANGES[kind.name]
            return 1204, f"Overflow ({kind.name} valid range {-edge} to {edge - 1})"
        return (
            1207,
            f"Invalid digit, Value '{_bad_digit(text)[0]}', Pos {_bad_digit(text)[1]}, Type: {kind.name.title()}",
        )
    if kind.name == "numeric":
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
            return 1204, "Numeric data overflow (result precision)"
        return 1207, f"Invalid digit, Value '{_bad_digit(text)[0]}', Pos {_bad_digit(text)[1]}, Type: Decimal"
    if kind.name == "boolean":
        return 1210, "Unknown boolean format"
    if kind.name == "date":
        return 1205, "Invalid date format or value [YYYY-MM-DD]"
    if kind.name.startswith("time"):
        return 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]"
    return 1208, f"Invalid digit, Value '{_bad_digit(text)[0]}', Pos {_bad_digit(text)[1]}, Type: Float"


def _bad_digit(text: str) -> tuple[str, int]:
    match = re.search(r"[^\d+.-]", text) or re.search(r"(?<=\d)[+-]|\.", text)
    return (match[0], match.start()) if match else (text[:1], 0)
