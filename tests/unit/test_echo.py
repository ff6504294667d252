"""A refused value is shown in the message: dates whole, long numbers in part, card numbers never."""

from __future__ import annotations

import random

import pytest

from shared.card_numbers.digits import decoded, normalized
from shared.card_numbers.masking import mask_text
from shared.card_numbers.search import holds_card_number
from shared.transaction.echo import echo
from tests.fuzz.hiding import card_number, hide_in_text
from tests.rows import findings

DATES = [
    "21/06/2020 12:14:25",
    "2020-06-31 12:14:25",
    "2020-06-21 25:14:25",
    "2020-06-21T12:14:25.123456",
    "2020-06-21T12:14:25.1234567",
    "06/21/2020 12:14:25 PM",
    "21.06.2020 12:14",
    "2020.06.21 12.14.25",
    "21-06-2020 12:14:25 +0200",
    "6/21/20 12:14",
    "2020-06-21 12:14:25 EST",
    "2020-W25-7",
    "2020-W25-7T12:14:25",
    "20200621T121425Z",
    "Jun 21, 2020 12:14:25 PM",
    "21-Jun-2020 12:14:25",
    "Sun 21 Jun 2020 12:14:25 GMT",
]


@pytest.mark.parametrize("text", DATES)
def test_a_refused_date_is_shown_whole_also_after_the_masking_of_answers(text: str) -> None:
    assert echo(text) == f'"{text}"'
    reason = findings(trans_date_trans_time=text)["trans_date_trans_time"]
    assert f'"{text}"' in mask_text(reason)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("20200621121425", '"20200621******"'),
        ("1592741665000", '"159274*******"'),
        ("1592741665.123456", '"159274****.******"'),
        ("2.8600000000001", '"2.86000********"'),
        ("1,234,567,890.12", '"1,234,56*,***.**"'),
        ("29209 803 5551212", '"29209 8** *******"'),
        ("T 12345678901", '"T 123456*****"'),
        ("2020-06-21 12-14-25", '"2020-06-21"...'),  # the masking of answers would take its digits for a number
    ],
)
def test_of_another_long_number_the_form_and_the_first_digits_are_shown(text: str, shown: str) -> None:
    assert echo(text) == shown
    assert mask_text(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("4111111111111111", "a value of 16 characters (not shown: it holds a card number)"),
        ("x4111 1111 1111 1111", "a value of 20 characters (not shown: it holds a card number)"),
        ("2020-06-21 4111111111111111", '"2020-06-21"...'),
    ],
)
def test_a_card_number_is_not_shown(text: str, shown: str) -> None:
    assert echo(text) == shown


def test_the_row_s_own_number_is_not_shown_even_as_a_date() -> None:
    assert echo("20/12/2007 18:51:23") == '"20/12/2007 18:51:23"'
    assert echo("20/12/2007 18:51:23", own="20122007185123") == '"20/12/2007"...'
    assert "not shown" in echo("6041 620 718 5", own="60416207185")


@pytest.mark.parametrize("seed", range(3))
def test_no_hidden_number_is_shown(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        number = card_number(rng)
        filled = f"{number:0<14}"
        as_date = (
            f"{filled[:2]}/{filled[2:4]}/{filled[4:8]} {filled[8:10]}:{filled[10:12]}:{filled[12:14]}.{filled[14:]}"
        )
        for text in (hide_in_text(number, rng), as_date.rstrip(".")):
            shown = echo(text)
            assert not holds_card_number(shown), (text, shown)
            assert number not in "".join(filter(str.isdigit, normalized(decoded(shown)))), (text, shown)
