"""A row of an answer has every field of the schema, in its order, and money as decimal text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.query_transactions.models import TransactionOut
from functions.query_transactions.shape import dollars, to_json
from shared.sinks.item import to_item
from shared.transaction.schema import Transaction
from tests.unit.fakes.rows import transaction


def test_a_row_has_the_schemas_fields_in_their_order_and_is_as_described() -> None:
    one = transaction(3)
    row = to_json(to_item(one))
    assert tuple(row) == Transaction._fields
    assert row == one._asdict() | {"amount": "2.86"}
    TransactionOut.model_validate(row, strict=True)


def test_a_label_that_is_not_known_is_null() -> None:
    assert to_json(to_item(transaction(3, is_fraud=None)))["is_fraud"] is None


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2.86", "2.86"),
        ("2.8", "2.80"),
        ("2", "2.00"),
        ("0", "0.00"),
        ("1E+2", "100.00"),
        ("5E-2", "0.05"),
        ("0.1", "0.10"),
    ],
)
def test_an_amount_has_two_decimals_whatever_dynamodb_made_of_it(stored: str, shown: str) -> None:
    assert dollars(stored) == shown


@given(st.decimals(min_value=0, max_value=9999999999, places=2))
def test_an_amount_keeps_its_value_through_dynamodbs_normal_form(amount: Decimal) -> None:
    for form in (str(amount), str(amount.normalize()), f"{amount.normalize():f}"):
        assert dollars(form) == f"{amount:.2f}"
