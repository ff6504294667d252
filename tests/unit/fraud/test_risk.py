"""What verdicts and labels say of cards and merchants: a set, whose members count from when they were known."""

from __future__ import annotations

import math
import random

import pytest

from fraud.event import DAY
from fraud.features import COLUMNS, FEATURES, RISK_FEATURES, features
from fraud.labelled import Knowledge
from fraud.profile import Profile
from fraud.risk import KEPT_DAYS, MAX_FRAUDS, NONE, WEEK, Fraud, Risk, RiskError
from tests.unit.fraud.made import TABLES, event

NOW = event("2024-05-10 12:00:00")


def fraud(days_before: float, known_days_before: float = 0.5, plain: bool = True) -> Fraud:
    return Fraud(NOW.at - int(days_before * DAY), NOW.at - int(known_days_before * DAY), int(days_before * 100), plain)


def merchant(*frauds: Fraud, a_day: int = 2) -> Risk:
    risk = Risk()
    for one in frauds:
        risk.mark(one)
    risk.count({NOW.at // DAY - number: a_day for number in range(60)})
    return risk


def found(card: Risk | None, of_merchant: Risk | None, arrived: int | None = None) -> dict[str, float]:
    row = features(Profile(), NOW, TABLES, card, of_merchant, arrived)
    return {name: row[COLUMNS.index(name)] for name in RISK_FEATURES}


def test_what_is_not_known_is_absent_and_what_is_known_to_be_clean_is_zero() -> None:
    assert all(map(math.isnan, found(None, None).values()))
    clean = found(NONE, NONE)
    assert [clean[name] for name in RISK_FEATURES[:5]] == [0, 0, 0, 0.0, 0.0]
    assert math.isnan(clean["merchant_fraud_age"])


def test_a_fraud_counts_for_what_arrives_after_it_is_known_and_only_for_that() -> None:
    risk = merchant(fraud(2, known_days_before=1))
    assert found(risk, risk, NOW.at)["card_frauds_week"] == 1
    assert found(risk, risk, NOW.at)["merchant_frauds_week"] == 1
    early = NOW.at - DAY - 1
    assert found(risk, risk, early)["card_frauds_week"] == 0
    assert found(risk, risk, early)["merchant_frauds_week"] == 0


def test_a_fraud_that_happens_later_does_not_count_for_a_purchase_that_comes_late() -> None:
    risk = merchant(Fraud(NOW.at + 60, 0, 1, plain=True))
    assert found(risk, risk)["card_frauds_week"] == 0
    assert found(risk, risk)["merchant_frauds_month"] == 0


def test_a_merchants_risk_is_a_share_of_the_purchases_whose_labels_are_due() -> None:
    got = found(NONE, merchant(fraud(9), fraud(30)))
    assert (got["merchant_frauds_week"], got["merchant_frauds_month"]) == (1, 2)
    assert got["merchant_risk_week"] == 1 / (7 * 2 + 0.5)
    assert got["merchant_risk_month"] == 2 / (30 * 2 + 0.5)
    assert (got["merchant_fraud_age"], got["merchant_fraud_span"]) == (9, 30)
    assert (
        got["merchant_genuine_since"] == 2
    )  # the ninth day before is the fraud's own, the eighth is due, the seventh not


def test_a_fraud_that_card_or_amount_explains_says_nothing_of_the_merchant() -> None:
    assert found(NONE, merchant(fraud(9, plain=False)))["merchant_frauds_month"] == 0


def test_without_counts_the_shares_are_absent_and_the_rest_is_known() -> None:
    risk = Risk()
    risk.mark(fraud(9))
    got = found(NONE, risk)
    assert got["merchant_frauds_week"] == 1
    assert math.isnan(got["merchant_risk_week"])
    assert math.isnan(got["merchant_genuine_since"])


@pytest.mark.parametrize("seed", range(5))
def test_the_state_is_a_set_whatever_the_order_and_however_often_it_arrives(seed: int) -> None:
    frauds = [fraud(days) for days in range(1, 20)]
    repeated = random.Random(seed).choices(frauds, k=100) + frauds
    random.Random(seed).shuffle(repeated)
    assert merchant(*repeated).pack() == merchant(*frauds).pack()


def test_a_verdict_that_is_taken_back_leaves_nothing() -> None:
    risk = merchant(fraud(3))
    before = merchant().pack()
    assert risk.clear(fraud(3).at, fraud(3).check)
    assert risk.pack() == before
    assert not risk.clear(fraud(3).at, fraud(3).check)


def test_of_two_verdicts_the_first_says_since_when_it_is_known() -> None:
    risk = Risk()
    risk.mark(fraud(3, known_days_before=1))
    assert not risk.mark(fraud(3, known_days_before=0.5))
    assert risk.mark(fraud(3, known_days_before=2))
    assert [one.known for one in risk.frauds] == [NOW.at - 2 * DAY]


def test_a_state_is_bounded_and_reads_back() -> None:
    risk = merchant(*(fraud(days / 10) for days in range(1, 3 * MAX_FRAUDS)), a_day=100_000)
    assert len(risk.frauds) == MAX_FRAUDS
    assert max(one.at for one in risk.frauds) == fraud(0.1).at, "the newest are kept"
    assert len(risk.pack()) < 1024
    again = Risk.unpack(risk.pack())
    assert (again.frauds, again.days) == (risk.frauds, risk.days)
    assert len(risk.days or {}) == KEPT_DAYS + 1


@pytest.mark.parametrize("data", [b"", b"\x09\x00\x00", b"\x01\x02\x00abc", b"\x01\x00\x01a"])
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    with pytest.raises(RiskError):
        Risk.unpack(data)


def test_labels_come_a_week_late_unless_reviewers_are_fast() -> None:
    events = [event(f"2024-05-10 12:{number:02d}:00") for number in range(60)]
    assert {Knowledge().known_at(one) - one.at for one in events} == {WEEK}
    delays = [Knowledge(fast=0.5).known_at(one) - one.at for one in events]
    assert 15 < sum(delay <= DAY for delay in delays) < 45
    assert set(FEATURES) >= set(RISK_FEATURES)
