"""What the features count, and what they must not see."""

from __future__ import annotations

import math

import pytest

from fraud.event import DAY, Event
from fraud.features import COLUMNS, FEATURES, RISK_FEATURES, Tables, features
from fraud.profile import Profile
from tests.unit.fraud.made import TABLES, event


def row(now: Event, *before: Event) -> dict[str, float]:
    profile = Profile()
    for purchase in before:
        profile.add(purchase)
    return dict(zip(COLUMNS, features(profile, now, TABLES), strict=True))


def test_a_card_never_seen_has_neutral_state() -> None:
    got = row(event("2024-05-10 13:00:00", "80.00", category="travel"))
    assert (got["evidence_today"], got["evidence_yesterday"]) == (0, 0)
    assert (got["half_day_share"], got["half_day_share_in_category"]) == (0.5, 0.5)
    assert got["amount_to_usual"] == pytest.approx(math.log(80) - TABLES.usual[13])
    assert (got["lately"], got["spent_today"], got["bought_in_category"]) == (0, 0, 0)


def test_evidence_is_summed_over_today_and_over_yesterday() -> None:
    two_days_ago, late, early = event("2024-05-08 23:00:00"), event("2024-05-09 22:00:00"), event("2024-05-10 01:00:00")
    got = row(event("2024-05-10 20:00:00"), two_days_ago, late, early)
    assert got["evidence_today"] == TABLES.evidence[early.cell]
    assert got["evidence_yesterday"] == TABLES.evidence[late.cell]


def test_a_card_quiet_for_a_week_has_no_evidence_but_keeps_its_habits() -> None:
    got = row(event("2024-05-20 13:00:00"), *(event(f"2024-05-{day:02d} 20:00:00") for day in range(1, 11)))
    assert (got["evidence_today"], got["evidence_yesterday"]) == (0, 0)
    assert got["bought_in_category"] == 10
    assert got["half_day_share"] == pytest.approx(12 / 14)


def test_the_usual_amount_is_of_the_category_and_of_habits_and_recent_purchases_alike() -> None:
    before = [event(f"2024-05-{day:02d} 10:00:00", "50.00") for day in (1, 2, 9, 10)]
    other = event("2024-05-10 11:00:00", "999.00", category="travel")
    got = row(event("2024-05-10 12:00:00", "100.00"), *before, other)
    usual = (4 * math.log(50) + 5 * TABLES.usual[6]) / 9
    assert got["amount_to_usual"] == pytest.approx(math.log(100) - usual, abs=1e-3)


def test_facts_for_the_reasons() -> None:
    got = row(
        event("2024-05-11 01:00:00"), event("2024-05-10 23:00:00", "10.00"), event("2024-05-11 00:30:00", "20.00")
    )
    assert got["lately"] == 2
    assert got["spent_today"] == 20


def test_what_happens_later_or_in_the_same_second_is_not_seen() -> None:
    now = event("2024-05-10 12:00:00")
    seen = [event("2024-05-10 11:00:00"), event("2024-05-09 11:00:00")]
    unseen = [event("2024-05-10 12:00:01"), event("2024-05-11 09:00:00"), event(transaction_id="same second")]
    assert row(now, *seen, *unseen) == row(now, *seen)


def test_its_own_presence_in_the_profile_makes_no_difference() -> None:
    now = event("2024-05-10 12:00:00")
    assert row(now, now) == row(now)


def test_features_do_not_change_the_profile() -> None:
    profile = Profile()
    profile.add(event("2024-05-10 09:00:00"))
    before = profile.pack()
    features(profile, event(), TABLES)
    assert profile.pack() == before


def test_an_amount_of_nothing_has_a_logarithm() -> None:
    got = row(event(amount="0.00"), event("2024-05-10 09:00:00", "0.00"))
    assert math.isfinite(got["amount_to_usual"])


def test_values_come_in_the_order_of_the_columns_and_only_what_is_not_known_is_nan() -> None:
    values = features(Profile(), event(), TABLES)
    assert len(values) == len(COLUMNS)
    assert COLUMNS[: len(FEATURES)] == FEATURES
    absent = {name for name, value in zip(COLUMNS, values, strict=True) if math.isnan(value)}
    assert absent == {"week_to_usual", *RISK_FEATURES}
    assert not any(map(math.isinf, values))


def test_the_age_of_the_card_does_not_matter() -> None:
    now = event("2024-05-10 12:00:00", category="travel")
    young = row(now, event("2024-05-01 10:00:00", category="travel"))
    old = row(now, event("2020-05-01 10:00:00", category="travel"))
    assert young == old


def test_tables_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 1440 and 15"):
        Tables((0.0,), (0.0,)).check()


def test_days_are_those_of_the_calendar() -> None:
    assert event("2024-05-10 00:00:00").at % DAY == 0
