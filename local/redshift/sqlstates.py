"""SQLSTATE of an error, by its text: which class of error a driver raises depends on it."""

from __future__ import annotations

import re

INTERNAL_ERROR = "XX000"  # what Redshift gives most errors of its own
_STATES = tuple(
    (re.compile(pattern, re.IGNORECASE), state)
    for pattern, state in (
        (r"permission denied|must be owner", "42501"),
        (r"syntax error", "42601"),
        (r"cannot insert multiple commands", "42601"),
        (r"prepared statement .* does not exist", "26000"),
        (r"prepared statement .* already exists", "42P05"),
        (r"portal .* does not exist", "34000"),
        (r"(portal|cursor) .* already exists", "42P03"),
        (r"schema .* does not exist", "3F000"),
        (r"database .* does not exist", "3D000"),
        (r"(relation|table|view) .* does not exist", "42P01"),
        (r"column .* does not exist", "42703"),
        (r"function .* does not exist", "42883"),
        (r"operator does not exist", "42883"),
        (r"(role|user|type|parameter) .* does not exist|unrecognized configuration", "42704"),
        (r"cursor .* does not exist", "34000"),
        (r"does not exist", "42704"),
        (r"schema .* already exists", "42P06"),
        (r"role .* already exists", "42710"),
        (r"already exists", "42P07"),
        (r"is ambiguous", "42702"),
        (r"not supported|no binary (in|out)put", "0A000"),
        (r"value too long", "22001"),
        (r"cannot insert a NULL", "23502"),
        (r"division by zero|divide by zero", "22012"),
        (r"out of range|overflow", "22003"),
        (r"invalid (input|digit|value)|could not convert", "22P02"),
        (r"incorrect binary data", "22P03"),
        (r"invalid byte sequence", "22021"),
        (r"serializable isolation violation", "40001"),
        (r"canceled on user|statement timeout", "57014"),
        (r"depends? on", "2BP01"),
    )
)


def sqlstate_of(message: str) -> str:
    """The five characters; XX000 when the text says nothing of the kind."""
    return next((state for pattern, state in _STATES if pattern.search(message)), INTERNAL_ERROR)
