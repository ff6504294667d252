"""Scoring batches: order, retries, late and early transactions."""

from __future__ import annotations

import pytest

from fraud.profile import Profile
from fraud.scoring import Applied, score_batch
from tests.unit.fraud.made import event, expected, model, purchase

MODEL = model()
NIGHT = [
    purchase("2024-05-10 22:10:00", "900.00", category="shopping_net"),
    purchase("2024-05-10 22:20:00", "950.00", category="shopping_net", card_id="b"),
    purchase("2024-05-10 22:30:00", "970.00", category="misc_net"),
    purchase("2024-05-10 23:40:00", "310.00", category="grocery_pos"),
]


def packed(profiles: dict[str, Profile]) -> dict[str, bytes]:
    return {card: profile.pack() for card, profile in profiles.items()}


def test_one_result_for_each_transaction_in_order_and_a_profile_for_each_card() -> None:
    profiles: dict[str, Profile] = {}
    results = score_batch(MODEL, profiles, NIGHT)
    assert [result.row[0] for result in results] == [900, 950, 970, 310]
    assert {card: len(profile.recent) for card, profile in profiles.items()} == {"a": 3, "b": 1}
    assert all(result.applied is Applied.NEW for result in results)


def test_an_alert_is_a_score_that_reaches_the_threshold() -> None:
    results = score_batch(MODEL, {}, [purchase(amount="10.00"), purchase(amount="900.00", card_id="b")])
    assert [(round(result.score, 3), result.alert) for result in results] == [(0.007, False), (0.5, True)]


def test_a_retried_batch_gives_the_same_results_and_leaves_profiles_as_they_were() -> None:
    profiles: dict[str, Profile] = {}
    first = score_batch(MODEL, profiles, NIGHT)
    before = packed(profiles)
    again = score_batch(MODEL, profiles, NIGHT)
    assert [result.score for result in again] == [result.score for result in first]
    assert {result.applied for result in again} == {Applied.REPEAT}
    assert packed(profiles) == before


def test_the_cut_into_batches_makes_no_difference() -> None:
    whole: dict[str, Profile] = {}
    cut: dict[str, Profile] = {}
    together = score_batch(MODEL, whole, NIGHT)
    apart = [score_batch(MODEL, cut, [transaction])[0] for transaction in NIGHT]
    assert together == apart
    assert packed(whole) == packed(cut)


def test_a_late_transaction_is_scored_and_leaves_the_profile_as_it_was() -> None:
    profiles: dict[str, Profile] = {}
    score_batch(MODEL, profiles, NIGHT)
    before = packed(profiles)
    (late,) = score_batch(MODEL, profiles, [purchase("2024-05-01 22:00:00", "900.00")])
    assert late.applied is Applied.LATE
    assert late.alert
    assert packed(profiles) == before


def test_a_transaction_from_the_future_does_not_lock_out_those_that_follow() -> None:
    profiles: dict[str, Profile] = {}
    limit = event("2024-05-12 00:00:00").at
    wrong = purchase("2099-01-01 00:00:00", "900.00")
    results = score_batch(MODEL, profiles, [NIGHT[0], wrong, NIGHT[2]], not_after=limit)
    assert [result.applied for result in results] == [Applied.NEW, Applied.EARLY, Applied.NEW]
    assert len(profiles["a"].recent) == 2


def test_an_empty_batch_gives_nothing() -> None:
    assert score_batch(MODEL, {}, []) == []


def test_the_label_makes_no_difference() -> None:
    labelled = [transaction._replace(is_fraud=True) for transaction in NIGHT]
    assert score_batch(MODEL, {}, labelled) == score_batch(MODEL, {}, NIGHT)


@pytest.mark.parametrize("category", ["home", "never seen"])
def test_any_category_is_scored(category: str) -> None:
    (result,) = score_batch(MODEL, {}, [purchase(category=category)])
    assert 0 < result.score < 1


def test_a_model_in_shadow_mode_scores_beside_the_current_one_and_changes_nothing() -> None:
    other = model(trees=[0.0], fixture=expected([0.0]))
    alone: dict[str, Profile] = {}
    beside: dict[str, Profile] = {}
    plain = score_batch(MODEL, alone, NIGHT)
    shadowed = score_batch(MODEL, beside, NIGHT, shadow=other)
    assert [result.shadow for result in shadowed] == [0.5] * len(NIGHT)
    assert [result._replace(shadow=None) for result in shadowed] == plain
    assert packed(alone) == packed(beside)


def test_a_shadow_of_the_same_model_gives_the_same_scores() -> None:
    for result in score_batch(MODEL, {}, NIGHT, shadow=MODEL):
        assert result.shadow == result.score
