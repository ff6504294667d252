"""The threshold in force: the last decision before a record arrived."""

from __future__ import annotations

import pytest

from fraud.policy import COST, MODEL, MOST, SCORE, Decision, Policy, PolicyError

HALF = Decision(100, SCORE, 0.5, "score 0.5", "ann")
COSTLY = Decision(200, COST, 3.0, "$3 per review", "bob")
BACK = Decision(300, MODEL, 0.9, "the model's own", "ann")
POLICY = Policy([BACK, HALF, COSTLY])


@pytest.mark.parametrize(
    ("moment", "amount", "threshold"),
    [(99, 10, 0.7), (100, 10, 0.5), (199, 10, 0.5), (200, 10, 0.3), (200, 1, 1.0), (200, 0, 1.0), (300, 10, 0.7)],
)
def test_a_decision_counts_for_records_that_arrive_after_it(moment: int, amount: float, threshold: float) -> None:
    assert POLICY.threshold(moment, 0.7, amount) == pytest.approx(threshold)


def test_a_decision_for_a_category_comes_before_one_for_all_until_it_is_reset() -> None:
    policy = Policy(
        [
            HALF,
            Decision(150, SCORE, 0.9, "score 0.9", "ann", "travel"),
            Decision(250, MODEL, 0.7, "the model's own", "ann", "travel"),
        ]
    )
    found = [
        policy.threshold(moment, 0.7, 10, category) for moment in (149, 150, 250) for category in ("travel", "home")
    ]
    assert found == [0.5, 0.5, 0.9, 0.5, 0.5, 0.5]
    assert Policy.parse(policy.text()).decisions == policy.decisions


def test_decisions_from_before_categories_still_count_and_keep_their_text() -> None:
    stored = '[[100,"score",0.5,"score 0.5","ann"]]'
    assert Policy.parse(stored).decisions == [HALF]
    assert Policy.parse(stored).text() == stored  # a write of the next one compares with it


def test_a_policy_reads_back_with_who_and_when() -> None:
    assert Policy.parse(POLICY.text()).decisions == [HALF, COSTLY, BACK]
    assert Policy.parse(Policy().text()).decisions == []


def test_only_the_newest_decisions_are_kept() -> None:
    policy = Policy()
    for at in range(MOST + 10):
        policy = policy.with_decision(HALF._replace(at=at))
    assert [one.at for one in policy.decisions] == list(range(10, MOST + 10))


@pytest.mark.parametrize("text", ["", "{}x", "[[1]]", '[["a","b","c","d","e"]]', '[[1,"score",1,"w","b","c","d"]]'])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        Policy.parse(text)
