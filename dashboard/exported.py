"""What a downloaded file says of itself: stage, filters, time, address; and the name by which a person finds it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

import streamlit as st

from dashboard import source
from dashboard.filters import Filters

_KEY = "exported-filters"
_LONGEST = 120  # characters of a name


def remember(filters: Filters | None) -> None:
    """The filters of what is shown from now on; None where they do not apply."""
    st.session_state[_KEY] = filters


def about(title: str, note: str) -> dict[str, str]:
    """Name to text, for a header sheet."""
    filters = st.session_state.get(_KEY)
    return {
        "Title": title,
        "What it shows": note,
        "Filters": filters.described() if filters else "The filters do not apply.",
        "Stage": source.stage_name(),
        "Made at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "Units": "As in the column titles. Money is in US dollars, days and times are UTC.",
        "Link": link(),
    }


def link() -> str:
    """The address that shows what is seen now."""
    address = str(st.context.url or "").partition("?")[0]
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in _parameters())
    return f"{address}?{query}" if query else address


def file_name(name: str, ending: str) -> str:
    """Such as ``swipeline-local spend-by-category 2020-01-01 to 2020-01-31 NY.csv``."""
    filters = st.session_state.get(_KEY)
    parts = [f"swipeline-{source.stage_name()}", name, *(filters.words() if filters else ())]
    return re.sub(r"[^\w .,-]", "", " ".join(parts))[:_LONGEST].strip() + f".{ending}"


def _parameters() -> list[tuple[str, str]]:
    return [(name, value) for name in st.query_params for value in st.query_params.get_all(name)]


def _quoted(text: str) -> str:
    return quote(text, safe="")
