"""What `local.quick_json` reads is what the standard library reads, errors included."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.quick_json import QuickJson, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_a_document_is_read_alike(value: object) -> None:
    text = json.dumps(value)
    assert repr(loads(text)) == repr(json.loads(text))  # repr: NaN is not equal to itself
    assert repr(loads(text.encode())) == repr(json.loads(text.encode()))


@pytest.mark.parametrize("text", ["", "{", "[1,]", "nul", b"\xff\xfe", b"\x80", '{"a": 01}', '"\ud800"'])
def test_what_cannot_be_read_raises_what_json_raises(text: str | bytes) -> None:
    def outcome(read: object) -> tuple[str, object]:
        try:
            return "read", read(text)  # type: ignore[operator]
        except ValueError as error:
            return type(error).__name__, str(error)

    assert outcome(loads) == outcome(json.loads)


def test_two_of_a_name_give_the_last_and_options_are_the_librarys() -> None:
    assert loads('{"a": 1, "a": 2}') == {"a": 2}
    assert loads("1.5", parse_float=str) == "1.5"


def test_the_rest_of_the_module_is_json() -> None:
    quick = QuickJson("json")
    assert (quick.dumps, quick.JSONDecodeError) == (json.dumps, json.JSONDecodeError)
    assert quick.loads("[1]") == [1]
