"""A few thousand hidden card numbers against the running stage; `make fuzz-cards` sends 100,000."""

from __future__ import annotations

from tests.e2e.stack import Stack
from tests.fuzz.cards import leaks, run


def test_no_hidden_card_number_is_accepted_or_anywhere_afterwards(stack: Stack) -> None:
    found = run(stack, 3_000, seed=20_261_130)
    assert not found.accepted
    assert not found.refused
    assert not found.leaks
    assert found.searched > 1_000_000


def test_the_search_finds_a_number_that_is_there() -> None:
    number = "5425233430109903"
    hidden = [number, f"99{number}1", '"5425 2334\u20113010\u20119903"', '"54_25_23,34:30*10_99_03"']
    assert all(leaks(f"x {form} y".encode(), {number}) == {number} for form in hidden)
