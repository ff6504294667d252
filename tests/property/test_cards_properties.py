"""No card number gets past the one rule, however it is hidden; and nothing that masks leaves one behind."""

from __future__ import annotations

import random

import pytest

from shared.card_numbers.digits import decoded, normalized
from shared.card_numbers.masking import mask_text
from shared.card_numbers.search import holds_card_number, holds_number
from tests.fuzz.hiding import card_number, hide_in_id, hide_in_text, hide_own_in_id

EACH = 500


@pytest.mark.parametrize("seed", range(4))
def test_no_hidden_number_is_missed_in_a_text(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(EACH):
        number = card_number(rng)
        text = hide_in_text(number, rng)
        assert holds_card_number(f"12 Example Lane\n{text}\nHydrologist"), (number, text)
        assert holds_card_number(text, number), (number, text)


@pytest.mark.parametrize("seed", range(4))
def test_no_hidden_number_is_missed_in_an_id(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(EACH):
        number = card_number(rng)
        foreign, own = hide_in_id(number, rng), hide_own_in_id(number, rng)
        assert holds_number(foreign), (number, foreign)
        assert holds_number(own, number), (number, own)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_masked_holds_no_number_in_any_reading(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(EACH):
        number = card_number(rng)
        text = hide_in_text(number, rng)
        masked = mask_text(text)
        assert not holds_card_number(masked), (text, masked)
        assert number not in "".join(filter(str.isdigit, normalized(decoded(masked)))), (text, masked)


@pytest.mark.parametrize("number", ["60416207185", "676148621961", "4992346398065154048", "4000000000000001"])
@pytest.mark.parametrize("between", ["", " ", "_", "x", "ab", "-a-", "\u3164", "一"])
def test_the_rows_own_number_is_found_whatever_it_looks_like(number: str, between: str) -> None:
    assert holds_card_number(f"No. {between.join(number)}, West", number)
    if between.isascii() and " " not in between:
        assert holds_number(f"a1{between.join(number)}f", number)


@pytest.mark.parametrize(
    "text", ["12345 Oak Lane Apt. 678", "No. 4111\n1111 Lane\n1111 Park, 1111", "5510005555555550"]
)
def test_a_number_is_not_found_across_fields_nor_in_other_digits(text: str) -> None:
    assert not holds_card_number(text)


def test_an_id_keeps_what_it_holds_by_chance() -> None:
    assert not holds_number("a4111111111111111b", "60416207185")
    assert not holds_number("94111111111111111", "60416207185")
    assert holds_number("12-4111111111111111-99", "60416207185")
    rng = random.Random(1)
    alarms = sum(holds_number(f"{rng.getrandbits(128):032x}", card_number(rng)) for _ in range(20_000))
    assert alarms == 0
