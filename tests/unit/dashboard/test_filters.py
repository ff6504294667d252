"""The filters: what they ask for, and that nothing of a reader's gets into the SQL."""

from __future__ import annotations

import re
from datetime import date

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from dashboard import lookup
from dashboard.filters import Filters
from dashboard.views import customers, fraud, merchants, overview, regions

TEXTS = st.lists(st.text(min_size=1), max_size=4).map(tuple)
FILTERS = st.builds(
    Filters,
    first=st.none() | st.dates(),
    last=st.none() | st.dates(),
    states=TEXTS,
    categories=TEXTS,
    genders=TEXTS,
    ages=TEXTS,
    hours=TEXTS,
    amounts=TEXTS,
    merchants=TEXTS,
    distances=TEXTS,
    sizes=TEXTS,
)
PAGES = [lambda where: overview.questions(where, "week"), regions.questions, customers.questions, fraud.questions]


def test_no_filter_is_no_clause() -> None:
    assert (Filters().where, Filters().parameters) == ("", {})


def test_filters_combine() -> None:
    chosen = Filters(date(2020, 1, 1), date(2020, 1, 31), states=("NY", "TX"), genders=("F",), ages=("25-34",))
    assert chosen.where == (
        "WHERE p.purchase_date >= CAST(:from_date AS DATE) AND p.purchase_date <= CAST(:to_date AS DATE) "
        "AND p.state IN (:state_0, :state_1) AND p.gender IN (:gender_0) AND p.age_band IN (:age_band_0)"
    )
    assert chosen.parameters == {
        "from_date": "2020-01-01",
        "to_date": "2020-01-31",
        "state_0": "NY",
        "state_1": "TX",
        "gender_0": "F",
        "age_band_0": "25-34",
    }


def test_hours_amounts_and_merchants_are_filters_too() -> None:
    chosen = Filters(hours=("23", "0"), amounts=("under 10",), merchants=("Kirlin and Sons",))
    assert "CAST(p.hour_of_day AS VARCHAR(2)) IN (:hour_0, :hour_1)" in chosen.where
    assert "END IN (:amount_0)" in chosen.where
    assert "FROM mart.merchant WHERE merchant IN (:named_0)" in chosen.where
    assert set(chosen.parameters.values()) == {"23", "0", "under 10", "Kirlin and Sons"}
    said = chosen.described()
    assert "Hour (UTC): 23 or 0; Amount (US dollars): under 10; Merchant: Kirlin and Sons" in said


def test_distances_and_sizes_of_towns_are_filters_too() -> None:
    chosen = Filters(distances=("under 25", "500+"), sizes=("250,000+",))
    assert (
        chosen.where
        == "WHERE p.distance_band IN (:distance_band_0, :distance_band_1) AND p.city_size IN (:city_size_0)"
    )
    assert "Distance from home (km): under 25 or 500+; Inhabitants of the town: 250,000+" in chosen.described()


def test_a_reader_s_file_has_names_and_no_codes() -> None:
    chosen = Filters(date(2020, 1, 1), date(2020, 1, 31), ("NY", "TX"), ("grocery_pos",), ("M",))
    assert chosen.described() == (
        "2020-01-01 to 2020-01-31 (UTC); State: New York or Texas; Category: Groceries, in store; Gender: Men"
    )
    assert chosen.words() == ["2020-01-01 to 2020-01-31", "New York", "Texas", "Groceries, in store", "Men"]


def test_dates_that_exclude_nothing_ask_the_same_question_as_no_dates() -> None:
    first, last = date(2019, 1, 1), date(2020, 12, 31)
    assert Filters(first, last).within(first, last) == Filters()
    assert Filters(date(2019, 1, 2), last).within(first, last) == Filters(first=date(2019, 1, 2))


@given(FILTERS)
def test_a_choice_is_only_ever_a_parameter(chosen: Filters) -> None:
    placeholders = re.findall(r":(\w+)", chosen.where)
    assert sorted(placeholders) == sorted(chosen.parameters)
    assert set(chosen.where) <= set(Filters(date(1, 1, 1), date(1, 1, 1), *[("x",) * 4] * 9).where + "0123456789")


@pytest.mark.parametrize("questions", [*PAGES, merchants.questions])
def test_every_question_of_a_page_uses_all_parameters_and_is_a_select(questions: object) -> None:
    chosen = Filters(date(2020, 1, 1), date(2020, 1, 31), ("NY",), ("travel",), ("F",), ("25-34",))
    for text in questions(chosen.where).values():  # type: ignore[operator]
        (statement,) = sqlglot.parse(text, read="redshift")
        assert isinstance(statement, sqlglot.exp.Select)
        assert set(re.findall(r":(\w+)", text)) == set(chosen.parameters)


@pytest.mark.parametrize(
    ("typed", "parameters"),
    [
        ("0123", {"card_last4": "0123"}),
        (" …0123".replace("…", "...") + " ", {"card_last4": "0123"}),
        ("**** 0123", {"card_last4": "0123"}),
        ("A" * 32, {"card_id": "a" * 32}),
    ],
)
def test_a_card_is_named_by_its_id_or_its_last_four_digits(typed: str, parameters: dict[str, str]) -> None:
    assert lookup.read(typed).parameters == parameters


@pytest.mark.parametrize("typed", ["4613314721966", "4613 3147 2196 6001", "4613-3147-2196-6001"])
def test_a_full_card_number_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(lookup.NotACardError, match="full card number") as refused:
        lookup.read(typed)
    assert not re.search(r"\d{5}", str(refused.value))


@pytest.mark.parametrize("typed", ["12", "12345", "' OR 1=1 --", "g" * 32, "٠١٢٣"])
def test_what_names_no_card_is_refused(typed: str) -> None:
    with pytest.raises(lookup.NotACardError, match="last four digits"):
        lookup.read(typed)
