"""Cuts a simple query into its statements, and says what a statement is called when it is complete."""

from __future__ import annotations

import re

# What a semicolon does not end: strings, quoted names, dollar quotes, comments.
_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"|\$((?:[A-Za-z_]\w*)?)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/|;|[^'\"$;/-]+|.",
    re.DOTALL,
)
_LEADING = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_COUNTED = ("SELECT", "UPDATE", "DELETE", "FETCH", "MERGE")
_TWO_WORDS = ("CREATE", "DROP", "ALTER", "DECLARE", "CLOSE", "DISCARD", "LOCK", "START")


def split(text: str) -> list[str]:
    """The statements of a simple query, without those that are empty or comments only."""
    found, start = [], 0
    for match in _TOKEN.finditer(text):
        if match[0] == ";":
            found.append(text[start : match.start()])
            start = match.end()
    return [part for part in (bare(piece) for piece in [*found, text[start:]]) if part]


def bare(sql: str) -> str:
    """A statement without the comments before it, and without the semicolons and blanks around it."""
    return _LEADING.sub("", sql, count=1).rstrip().rstrip(";").rstrip()


def words(sql: str, count: int = 2) -> list[str]:
    """The first words of a statement, in upper case."""
    return [word.upper() for word in re.findall(r"[A-Za-z_]+", bare(sql)[:200])[:count]]


def tag(sql: str, rows: int) -> str:
    """The command tag of a statement that is complete, e.g. SELECT 3 or CREATE TABLE."""
    first, second = (*words(sql), "", "")[:2]
    if first in ("SELECT", "WITH", "VALUES") or bare(sql).startswith("("):
        return f"SELECT {max(rows, 0)}"
    if first == "INSERT":
        return f"INSERT 0 {max(rows, 0)}"
    if first in _COUNTED:
        return f"{first} {max(rows, 0)}"
    if first in _TWO_WORDS:
        second = {"TEMP": "TABLE", "TEMPORARY": "TABLE", "LOCAL": "TABLE", "OR": "VIEW"}.get(second, second)
        return f"{first} {second}".strip() if first not in ("DECLARE", "CLOSE") else f"{first} CURSOR"
    return {"END": "COMMIT", "ABORT": "ROLLBACK"}.get(first, first)
