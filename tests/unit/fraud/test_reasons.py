"""Reasons: what a person reads about an alert."""

from __future__ import annotations

import pytest

from fraud.model import load
from fraud.reasons import MOST, _ordinal, reasons
from fraud.scoring import Scored, score_batch
from shared.transaction.schema import Transaction
from tests.unit.fraud.made import expected, model, purchase, split


def history(category: str, amount: str, days: int = 12) -> list[Transaction]:
    return [purchase(f"2024-04-{day:02d} 14:00:00", amount, category=category) for day in range(1, days + 1)]


BURST = [
    purchase("2024-05-10 22:10:00", "980.00", category="shopping_net"),
    purchase("2024-05-10 22:25:00", "310.00", category="grocery_pos"),
    purchase("2024-05-10 22:40:00", "870.00", category="misc_net"),
    purchase("2024-05-10 23:05:00", "1010.00", category="shopping_net"),
]


def shipped(*transactions: Transaction) -> tuple[Scored, list[str]]:
    scorer = load()
    last = score_batch(scorer, {}, transactions)[-1]
    return last, reasons(scorer, last.row, transactions[-1])


def test_the_shipped_model_says_how_far_from_the_cards_usual_an_amount_is() -> None:
    result, said = shipped(*history("shopping_net", "70.00"), BURST[0])
    assert any(text.endswith("x this card's usual in shopping_net") for text in said)
    assert result.score > 0.1


def test_the_shipped_model_counts_the_purchases_of_a_night() -> None:
    result, said = shipped(*history("shopping_net", "70.00"), *BURST)
    assert result.alert
    assert "4th purchase tonight, after $2,160.00 today" in said


def test_what_is_usual_is_everybodys_while_the_card_is_hardly_known() -> None:
    _result, said = shipped(BURST[0])
    assert any("x what is usual in shopping_net" in text for text in said)


def test_at_most_three_reasons_and_none_of_them_holds_who_the_customer_is() -> None:
    named = [t._replace(first_name="Zelda", last_name="Quux", street="1 Elm", city="Omaha") for t in BURST]
    _result, said = shipped(*history("shopping_net", "70.00"), *named)
    assert 1 <= len(said) <= MOST
    assert not any(word in text for text in said for word in ("Zelda", "Quux", "Elm", "Omaha"))


def test_a_reason_is_given_only_if_the_model_scored_by_it() -> None:
    trees = [split(0, 500.0, -4.0, 4.0), split(6, 1e9, -1.0, 4.0)]
    by_amount = model(trees=trees, fixture=expected(trees))
    results = score_batch(by_amount, {}, BURST)
    said = reasons(by_amount, results[-1].row, BURST[-1])
    assert len(said) == 1
    assert "usual in shopping_net" in said[0]


def test_a_score_no_reason_explains_is_called_unusual() -> None:
    flat = model(trees=[2.0], fixture=expected([2.0]))
    (result,) = score_batch(flat, {}, [purchase(amount="20.00")])
    assert reasons(flat, result.row, purchase(amount="20.00")) == ["unusual for this card as a whole"]


def test_an_amount_far_below_the_usual_is_said_to_be_a_test() -> None:
    trees = [split(10, -1.0, 4.0, -4.0, rows=(10, 90))]
    low = model(trees=trees, fixture=expected(trees))
    transactions = [
        *history("gas_transport", "60.00"),
        purchase("2024-05-10 01:00:00", "6.00", category="gas_transport"),
    ]
    last = score_batch(low, {}, transactions)[-1]
    (said,) = reasons(low, last.row, transactions[-1])
    assert said.startswith("1/")
    assert said.endswith("of this card's usual in gas_transport, as when a card is tested")


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (5, "5th"), (11, "11th"), (23, "23rd")]
)
def test_ordinals(number: int, text: str) -> None:
    assert _ordinal(number) == text
