"""The filters beside a page: they stay from page to page, are in the address, and a click on a chart sets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboard import panel, source
from dashboard.figures.time import DAYS
from dashboard.filters import AGE_BANDS, GENDERS, Filters
from dashboard.states import state_name
from dashboard.words import AMOUNT_BANDS, CITY_SIZES, DISTANCE_BANDS, category_name

EARLIEST, LATEST = date(1900, 1, 1), date(9999, 12, 31)
_SEVERAL = ("state", "category", "gender", "age", "hour", "amount", "sold-by", "distance", "town")
HOURS = tuple(map(str, range(24)))
_PROBLEMS = "link-problems"


def choose() -> Filters:
    """The filters as the reader has set them. Stops the page where they contradict each other."""
    now, offered = source.state(), source.choices()
    first, last = now.first or EARLIEST, now.last or LATEST
    options: dict[str, tuple[str, Sequence[str], Callable[[str], str]]] = {
        "state": ("State", offered.states, state_name),
        "category": ("Category", offered.categories, category_name),
        "gender": ("Gender", list(GENDERS), GENDERS.__getitem__),
        "age": ("Age at the purchase", list(AGE_BANDS), str),
        "hour": ("Hour, UTC", HOURS, str),
        "amount": ("Amount, US dollars", list(AMOUNT_BANDS), str),
        "sold-by": ("Merchant", offered.merchants, str),
        "distance": ("Distance from home, km", list(DISTANCE_BANDS), str),
        "town": ("Inhabitants of the town", list(CITY_SIZES), str),
    }
    _check_the_link(options)
    panel.pickable.update({"state": _picker("state"), "category": _picker("category"), "age_band": _picker("age")})
    panel.pickable |= {"gender": _picker("gender"), "hour_of_day": _picker("hour"), "amount_band": _picker("amount")}
    panel.pickable |= {"merchant": _picker("sold-by"), "distance_band": _picker("distance")}
    panel.pickable |= {"city_size": _picker("town"), DAYS: _pick_days}
    with st.sidebar:
        st.markdown("## Filters")
        begin, end = _dates(first, last)
        chosen = Filters(begin, end, *(_several(key, *options[key]) for key in _SEVERAL))
        if chosen != Filters(first=first, last=last):
            st.button(
                "Clear the filters",
                icon=":material/filter_alt_off:",
                on_click=_clear,
                args=(first, last),
                key="clear",
            )
    if problems := st.session_state.get(_PROBLEMS):
        st.warning("This link asks for what is not here, so it is left out: " + "; ".join(problems) + ".")
    if begin > end:
        st.warning(f"From ({begin}) is after To ({end}): no day is in between. Change one of them.")
        st.stop()
    return chosen


def _check_the_link(options: Mapping[str, tuple[str, Sequence[str], Callable[[str], str]]]) -> None:
    """Before the filters read the address: codes become names, and invalid ones are reported, not silently dropped."""
    if _PROBLEMS in st.session_state:
        return
    problems = []
    for key, (label, values, name) in options.items():
        codes = {value: value for value in values} | {name(value): value for value in values}
        known = []
        asked = st.query_params.get_all(key)
        for text in asked:
            if text in codes:
                known.append(codes[text])
            else:
                problems.append(f"{label} “{_plain(text)}”")
        if asked and [name(value) for value in known] != asked:
            del st.query_params[key]
            st.session_state[key] = list(dict.fromkeys(known))
    for key, label in (("from", "From"), ("to", "To")):
        text = st.query_params.get(key)
        if text is not None and not _is_day(text):
            problems.append(f"{label} “{_plain(text)}” (expected a day, e.g. 2020-06-21)")
            del st.query_params[key]
    st.session_state[_PROBLEMS] = problems


def _is_day(text: str) -> bool:
    try:
        return EARLIEST <= date.fromisoformat(text) <= LATEST
    except ValueError:
        return False


def _plain(text: str) -> str:
    """Text of a stranger's link, without Markdown."""
    return "".join(character if character.isalnum() or character in " -,." else "?" for character in text[:40])


def _dates(first: date, last: date) -> tuple[date, date]:
    """From and to, both included."""
    limits: dict[str, Any] = {"format": "YYYY-MM-DD", "bind": "query-params", "on_change": _forget_problems}
    with st.container(horizontal=True):
        begin = st.date_input("From", first, EARLIEST, LATEST, key="from", **limits)
        end = st.date_input("To", last, EARLIEST, LATEST, key="to", **limits)
    return begin or first, end or last


def _several(key: str, label: str, options: Sequence[str], name: Callable[[str], str]) -> tuple[str, ...]:
    found = st.multiselect(
        label,
        list(options),
        format_func=name,
        key=key,
        placeholder="All",
        bind="query-params",
        filter_mode="prefix",  # "Men" is a part of "Women", "Virginia" of "West Virginia"
        select_all=False,  # Enter would choose it, and with it all that matches
        on_change=_forget_problems,
    )
    return tuple(found)


def _picker(key: str) -> Callable[[Any], None]:
    def pick(value: Any) -> None:
        st.session_state[key] = [str(value)]
        _forget_problems()

    return pick


def _pick_days(value: str) -> None:
    """Of a bar of a chart over time: its first and last day, as far as they are in view."""
    begin, end = map(date.fromisoformat, value.split())
    st.session_state["from"] = max(begin, st.session_state["from"])
    st.session_state["to"] = min(end, st.session_state["to"])
    _forget_problems()


def _forget_problems() -> None:
    st.session_state[_PROBLEMS] = []


def _clear(first: date, last: date) -> None:
    st.session_state["from"], st.session_state["to"] = first, last
    for key in _SEVERAL:
        st.session_state[key] = []
    _forget_problems()
