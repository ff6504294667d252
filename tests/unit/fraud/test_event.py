"""What is taken from a transaction, and what is not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fraud.event import BANDS, CATEGORIES, CELLS, OTHER, PARTS, event_of
from tests.unit.fraud.made import event, purchase


def test_time_is_event_time_in_seconds() -> None:
    assert event("1970-01-02 00:00:01").at == 86_401
    assert event("2024-02-29 23:59:59").at == 1_709_251_199


def test_times_beyond_32_bits_are_clamped() -> None:
    assert event("1969-12-31 23:59:59").at == 0
    assert event("2200-01-01 00:00:00").at == 2**32 - 1


def test_amounts_beyond_32_bits_are_clamped_in_the_profile_only() -> None:
    huge = event(amount="9999999999.99")
    assert huge.cents == 2**32 - 1
    assert huge.amount == 9999999999.99
    assert event(amount="-5.00").cents == 0


@pytest.mark.parametrize("amount", ["0.01", "1.49", "1.50", "74.75", "1500.00", "1499.99", "16.55"])
def test_cents_are_exact(amount: str) -> None:
    assert event(amount=amount).cents == int(Decimal(amount) * 100)


def test_every_category_part_of_day_and_amount_band_has_its_own_cell() -> None:
    amounts = ["0.50", "1.50", "20.00", "300.00", "1000.00", "1500.00"]
    hours = ["00", "04", "12", "22"]
    names = [*CATEGORIES, "never seen"]
    cells = {
        event(f"2024-05-10 {hour}:00:00", amount, category=name).cell
        for name in names
        for hour in hours
        for amount in amounts
    }
    assert len(cells) == len(names) * len(hours) * len(amounts)
    assert max(cells) == CELLS - 1
    assert CELLS == (OTHER + 1) * PARTS * BANDS


def test_a_category_never_seen_has_the_code_for_others() -> None:
    assert event(category="space_travel").category == OTHER
    assert event(category="travel").category == OTHER - 1


def test_age_is_that_at_the_purchase() -> None:
    assert event("2024-01-01 00:00:00", date_of_birth="1984-01-01").age == pytest.approx(40, abs=0.01)


def test_the_label_and_who_and_where_make_no_difference() -> None:
    plain = event_of(purchase())
    other = event_of(
        purchase(
            is_fraud=True,
            merchant="m",
            merchant_id="1",
            city="c",
            state="TX",
            job="j",
            card_id="b",
            latitude=1.0,
            zip="1",
        )
    )
    assert plain == other
