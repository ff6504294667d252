"""Groups of customers follow the rules of the data set's generator, with numbers of their own in each world."""

from __future__ import annotations

import numpy as np
import pytest

from client.simulator import Settings
from client.simulator.groups import GROUPS, Groups, draw_groups
from client.simulator.habits import CATEGORIES
from client.simulator.people import People, make_people

TRAVEL, GAS = CATEGORIES.index("travel"), CATEGORIES.index("gas_transport")


@pytest.fixture(scope="module")
def groups() -> Groups:
    return draw_groups(np.random.default_rng(1))


@pytest.fixture(scope="module")
def people() -> People:
    return make_people(Settings.of(1_000, seed=3, customers=2_000))


def test_a_group_buys_most_categories_in_one_half_of_the_day(groups: Groups) -> None:
    each = np.diff(groups.odds, axis=2, prepend=0.0)
    bought = groups.hours[:, :, None] * each
    after_noon = bought[:, 12:].sum(axis=1) / bought.sum(axis=1)
    assert ((after_noon < 0.001) | (after_noon > 0.999)).sum(axis=1).min() >= len(CATEGORIES) - 1
    assert (after_noon[:, TRAVEL] > 0.999).all()
    assert (after_noon[:, GAS] < 0.5).mean() > 0.9
    assert np.allclose(bought.sum(axis=(1, 2)), 1)


def test_no_two_worlds_have_the_same_groups_and_one_world_always_has_its_own(groups: Groups) -> None:
    again, other = draw_groups(np.random.default_rng(1)), draw_groups(np.random.default_rng(2))
    assert np.array_equal(groups.mean, again.mean)
    assert not np.isclose(groups.mean, other.mean).any()


def test_amounts_have_the_mean_of_their_group_and_are_never_below_a_dollar(groups: Groups) -> None:
    random, count = np.random.default_rng(3), 20_000
    group, category = np.full(count, 5), np.full(count, GAS)
    cents = groups.cents(random, group, category, np.ones(count))
    assert cents.mean() / 100 == pytest.approx(groups.mean[5, GAS], rel=0.02)
    assert groups.cents(random, group, np.full(count, TRAVEL), np.ones(count)).min() >= 100


def test_frauds_of_a_group_keep_to_its_categories_halves_and_amounts(groups: Groups) -> None:
    random, count = np.random.default_rng(4), 40_000
    for number in range(GROUPS):
        category, late, cents = groups.frauds(random, np.full(count, number))
        assert late.mean() == pytest.approx(1 - groups.fraud_before_noon[number], abs=0.02)
        for one in np.unique(category):
            amounts = cents[category == one] / 100
            if len(amounts) > 500 and groups.fraud_mean[number, one] > 5:
                assert amounts.mean() == pytest.approx(groups.fraud_mean[number, one], rel=0.05)


def test_an_hour_is_one_at_which_the_customer_buys_in_the_category(people: People) -> None:
    customer = np.flatnonzero(people.group >= 0)
    travel = people.usual_hours(np.random.default_rng(5), customer, np.full(len(customer), TRAVEL))
    assert (travel >= 12).all()
    gas = people.usual_hours(np.random.default_rng(5), customer, np.full(len(customer), GAS))
    assert (gas < 12).mean() > 0.9


def test_people_of_groups_and_others_are_about_equally_busy(people: People) -> None:
    each = np.diff(people.activity, prepend=0.0)
    assert each[people.group >= 0].mean() == pytest.approx(each[people.group < 0].mean(), rel=0.35)
    assert 0.4 < (people.group >= 0).mean() < 0.8
    assert people.hours().sum() == pytest.approx(1)
