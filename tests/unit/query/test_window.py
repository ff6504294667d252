"""Windows of event time: a bound is a day or a time; the begin is within, the end is not."""

from __future__ import annotations

import pytest

from shared.window import FIRST, LAST, Window, read_window


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("2020-06-21", "2020-06-21T00:00:00.000Z"),
        ("2020-06-21T12:14:25Z", "2020-06-21T12:14:25.000Z"),
        ("2020-06-21 12:14:25", "2020-06-21T12:14:25.000Z"),
        ("2020-06-21t12:14:25.5z", "2020-06-21T12:14:25.500Z"),
        ("2020-06-21T00:30:00+02:00", "2020-06-20T22:30:00.000Z"),
        ("2020-06-21T12:14:25.0001Z", "2020-06-21T12:14:25.001Z"),  # event times are whole milliseconds: the later one
        ("2020-06-21T12:14:25.123000001Z", "2020-06-21T12:14:25.124Z"),
        ("2020-06-21T12:14:25.123000000Z", "2020-06-21T12:14:25.123Z"),
        ("9999-12-31T23:59:59.9999Z", LAST),
        ("9999-12-31T23:00:00-05:00", LAST),
        ("0001-01-01T00:00:00+05:00", FIRST),
    ],
)
def test_a_bound_is_a_moment_in_the_form_of_the_keys(text: str, bound: str) -> None:
    assert read_window(text, None) == (bound, LAST)
    assert read_window(None, text) == (FIRST, bound)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2020-02-30",
        "20200621",
        "2020-W25-1",
        "2020-06-21X10:00",
        "2020-06-21T",
        "2020-06-21T12:.Z",
        "2020-13-01",
        "２020-06-21",
        "1592741665",
    ],
)
def test_what_is_no_moment_is_refused_by_the_parameters_name(text: str) -> None:
    with pytest.raises(ValueError, match="2020-06-21") as raised:
        read_window(None, text)
    assert raised.value.args[0] == "to"


def test_a_window_knows_its_months_and_one_that_ends_with_a_month_touches_no_other() -> None:
    assert (
        read_window("2020-06-21", "2020-07-01").first_month,
        read_window("2020-06-21", "2020-07-01").last_month,
    ) == (
        "2020-06",
        "2020-06",
    )
    assert read_window(None, "2020-01-01").last_month == "2019-12"
    assert read_window(None, "2020-01-01T00:00:00.001Z").last_month == "2020-01"
    assert (Window().first_month, Window().last_month) == (FIRST, LAST)


def test_a_window_that_ends_before_it_begins_is_empty() -> None:
    assert read_window("2020-06-21", "2020-06-21").empty
    assert read_window("2020-06-22", "2020-06-21").empty
    assert not read_window("2020-06-21", "2020-06-21T00:00:00.001Z").empty
