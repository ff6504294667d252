"""Lines of other releases: older ones get the defaults, of newer ones the known fields are taken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.transaction.codec import PLACES, TRACE_AT, BadLine, decode_line, encode_line, trace_of, with_trace
from shared.transaction.schema import FIELDS, SCHEMA_VERSION
from tests.rows import parse

TRANSACTION = parse()
VALUES: list[Any] = json.loads(encode_line(TRANSACTION))
KEY_AT = 1 + TRANSACTION._fields.index("card_key_id")
HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
LATER: list[Any] = [field.default for field in FIELDS if field.since > 1]
BEFORE_CARD_KEYS = VALUES[:KEY_AT] + VALUES[KEY_AT + 1 :]


def decoded(values: list[Any]) -> Any:
    return decode_line(json.dumps(values).encode())


@pytest.mark.parametrize("trace", [[], [HEADER]])
def test_a_line_from_before_card_keys_has_the_first_key(trace: list[str]) -> None:
    assert len(BEFORE_CARD_KEYS) == 25
    assert decoded(BEFORE_CARD_KEYS + trace) == TRANSACTION


@pytest.mark.parametrize("trace", [None, HEADER])
@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, SCHEMA_VERSION + 2, 2**15 - 1])
def test_of_a_newer_line_the_known_fields_are_taken(version: int, trace: str | None) -> None:
    newer = [version, *VALUES[1:TRACE_AT], trace, *LATER, "a new field", 7, None]
    assert decoded(newer) == TRANSACTION


@pytest.mark.parametrize("version", [0, -1, 2**15, 1.0, True, "1", None])
def test_what_is_no_version_is_refused(version: Any) -> None:
    assert isinstance(decoded([version, *VALUES[1:]]), BadLine)


def test_a_newer_line_is_checked_like_any_other() -> None:
    broken = [SCHEMA_VERSION + 1, *VALUES[1:], None, *LATER, "new"]
    broken[KEY_AT] = "no key"
    bad = decoded(broken)
    assert "card_key_id" in bad.reason
    assert isinstance(decoded([SCHEMA_VERSION + 1, *VALUES[1:20]]), BadLine)


def test_a_line_of_this_version_has_this_versions_elements() -> None:
    assert isinstance(decoded([*VALUES, "x"]), BadLine)
    assert isinstance(decoded(VALUES[:-1]), BadLine)
    assert isinstance(decoded([*BEFORE_CARD_KEYS, None]), BadLine)


def test_no_field_is_where_an_older_line_has_its_trace() -> None:
    assert TRACE_AT == 26
    assert TRACE_AT not in PLACES
    assert list(PLACES) == sorted(PLACES)
    assert len(PLACES) == len(FIELDS)
    traced = with_trace(encode_line(TRANSACTION), HEADER)
    assert json.loads(traced)[TRACE_AT] == HEADER
    assert trace_of(traced) == HEADER


def test_a_trace_is_found_in_a_newer_line_too_and_in_no_field() -> None:
    newer = [SCHEMA_VERSION + 1, *VALUES[1:TRACE_AT], HEADER, "new"]
    assert trace_of(json.dumps(newer, separators=(",", ":")).encode()) == HEADER
    named = encode_line(TRANSACTION._replace(merchant=HEADER))
    assert trace_of(named) is None
    assert decode_line(named.rstrip()) == TRANSACTION._replace(merchant=HEADER)
