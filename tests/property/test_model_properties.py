"""What holds for every row, good or broken."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.card_numbers.search import luhn_valid
from shared.errors import RejectedError
from shared.transaction.codec import decode_record, encode_record
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction
from tests.property.strategies import (
    as_csv,
    as_json,
    broken_rows,
    card_numbers,
    facts,
    good_rows,
    values,
    zones,
)
from tests.rows import CARD_KEYS, CSV_ROW, NOW

DIGITS = re.compile(r"\d")


def outcome(row: Any) -> Transaction | RejectedError:
    return parse_many([row], CARD_KEYS, NOW)[0]


def accepted(row: Any) -> Transaction:
    parsed = outcome(row)
    assert isinstance(parsed, Transaction), str(parsed)
    return parsed


def again(transaction: Transaction, cc_num: str) -> dict[str, Any]:
    """Write a transaction down with its canonical values."""
    t = transaction
    return {
        "trans_num": t.transaction_id, "trans_date_trans_time": t.occurred_at, "cc_num": cc_num,
        "merchant": t.merchant, "category": t.category, "amt": str(t.amount), "first": t.first_name,
        "last": t.last_name, "gender": t.gender, "street": t.street, "city": t.city, "state": t.state, "zip": t.zip,
        "lat": repr(t.latitude), "long": repr(t.longitude), "city_pop": t.city_population, "job": t.job,
        "dob": t.date_of_birth, "merch_lat": Decimal(repr(t.merchant_latitude)),
        "merch_long": repr(t.merchant_longitude), "is_fraud": t.is_fraud,
    }  # fmt: skip


@given(facts, zones)
def test_a_transaction_is_the_same_whatever_format_it_arrives_in(fact, zone):
    assert accepted(as_csv(fact)) == accepted(as_json(fact, zone))


@given(facts)
def test_canonical_values_are_left_as_they_are(fact):
    once = accepted(as_csv(fact))
    assert accepted(again(once, fact["cc_num"])) == once


@given(facts)
def test_nothing_is_lost_or_invented(fact):
    transaction = accepted(as_csv(fact))
    assert transaction.amount == fact["amt"]
    assert transaction.city_population == fact["city_pop"]
    assert int(transaction.zip) == fact["zip"]
    assert transaction.card_last4 == fact["cc_num"][-4:]
    assert abs(transaction.latitude - float(fact["lat"])) < 1e-6
    assert transaction.is_fraud is fact["is_fraud"]
    assert fact["cc_num"] not in "\n".join(map(str, transaction))


@given(good_rows)
def test_every_transaction_survives_the_wire(row):
    transaction = accepted(row)
    assert decode_record(encode_record([transaction])) == [transaction]


@given(broken_rows() | values)
def test_a_row_is_accepted_or_refused_with_a_reason_that_explains_it(row):
    parsed = outcome(row)
    if isinstance(parsed, Transaction):
        assert decode_record(encode_record([parsed])) == [parsed]
        return
    assert parsed.errors
    for column, reason in parsed.errors:
        assert column.isprintable()
        assert reason.isprintable()
        assert len(reason) < 500
        assert "is not in the form that the API describes" not in reason  # the last resort, which explains nothing


@given(broken_rows())
def test_a_row_has_the_same_outcome_every_time(row):
    first, second = outcome(row), outcome(dict(row))
    if isinstance(first, RejectedError):
        assert first.errors == second.errors
    else:
        assert first == second


def leaks(number: str, error: RejectedError) -> bool:
    """Tell whether 11 digits in a row of the number can be read anywhere in a refusal, whatever stands between them."""
    for message in (str(error), *map(str, error.args), *(text for finding in error.errors for text in finding)):
        digits = "".join(DIGITS.findall(message))
        if any(number[at : at + 11] in digits for at in range(len(number) - 10)):
            return True
    return False


@given(
    card_numbers,
    st.sampled_from(
        ["cc_num", "first", "street", "amt", "zip", "dob", "trans_num", "is_fraud", "lat", "extra", "state"]
    ),
    st.sampled_from(["{}", " {}", "{}.0", "{}E+3", "x{}", "{}\x00", "-{}", "${}", "{} {}"]),
    st.sampled_from(["", " ", "-", ".", "/", "x", "\u2009"]),
    st.integers(1, 8),
)
def test_no_reason_ever_shows_a_card_number(number, column, form, separator, width):
    assume(len(set(number)) > 2)
    grouped = separator.join(number[at : at + width] for at in range(0, len(number), width))
    row = {**CSV_ROW, "cc_num": number, "gender": "?", column: form.format(grouped, grouped), grouped: grouped}
    parsed = outcome(row)
    assert isinstance(parsed, RejectedError)
    assert not leaks(number, parsed)


@given(card_numbers, broken_rows())
def test_no_reason_of_a_broken_row_shows_its_card_number(number, row):
    assume(len(set(number)) > 2)
    parsed = outcome({**row, "cc_num": number, "gender": number})
    assert isinstance(parsed, RejectedError)
    assert not leaks(number, parsed)


@given(st.integers(10**12, 10**13 - 1))
def test_a_rounded_number_is_refused_exactly_if_its_check_digit_is_wrong(leading):
    number = f"{leading}000000"
    parsed = outcome({**CSV_ROW, "cc_num": number})
    assert isinstance(parsed, Transaction) == luhn_valid(number)


@given(st.lists(broken_rows() | good_rows, max_size=5))
def test_rows_of_a_batch_do_not_influence_each_other(rows):
    together = parse_many(rows, CARD_KEYS, NOW)
    assert len(together) == len(rows)
    for row, parsed in zip(rows, together, strict=True):
        alone = outcome(row)
        if isinstance(parsed, Transaction):
            assert parsed == alone
        else:
            assert isinstance(alone, RejectedError)
            assert parsed.errors == alone.errors
