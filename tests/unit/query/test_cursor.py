"""A cursor is good for the query that issued it, unchanged, under the same key, and for nothing else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.query_transactions.cursor import CursorError, seal, unseal

KEY = b"k" * 64
QUERY = ["card", "0" * 32, "0", ":", "True"]
words = st.lists(st.text(max_size=20), max_size=5)


@given(words, words)
def test_a_cursor_gives_back_its_position(query: list[str], position: list[str]) -> None:
    assert unseal(KEY, query, seal(KEY, query, position)) == position


@given(words, words)
def test_a_cursor_of_another_query_is_refused(query: list[str], other: list[str]) -> None:
    cursor = seal(KEY, query, ["2020-06"])
    if query != other:
        with pytest.raises(CursorError):
            unseal(KEY, other, cursor)


@given(st.integers(0), st.characters(codec="ascii"))
def test_a_cursor_with_any_character_changed_is_refused(place: int, character: str) -> None:
    cursor = seal(KEY, QUERY, ["2020-06-21T12:14:25.000Z#7"])
    place %= len(cursor)
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed != cursor:
        with pytest.raises(CursorError):
            unseal(KEY, QUERY, changed)


@given(st.text(max_size=100) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_what_was_made_up_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        unseal(KEY, QUERY, cursor)


def test_a_cursor_under_another_key_is_refused_and_padding_makes_it_another() -> None:
    cursor = seal(KEY, QUERY, ["a"])
    for wrong, key in ((cursor, b"l" * 64), (cursor + "=", KEY), (cursor + "\n", KEY), ("", KEY)):
        with pytest.raises(CursorError):
            unseal(key, QUERY, wrong)
