"""The page that `swipeline dashboard` opens: navigation, filters, and what is said when the warehouse is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import streamlit as st
from altair.utils import schemapi

from client.aws import LOCAL
from dashboard import source
from dashboard.data_api import QueryError, WarehouseAwayError
from dashboard.filters import AGE_BANDS, GENDERS, Filters
from dashboard.states import state_name
from dashboard.views import card, customers, fraud, merchants, overview, regions
from dashboard.words import category_name

RETRY_SECONDS = 2.0
ICON = Path(__file__).resolve().parent / "icon.svg"  # a :material: icon would come from the network
FIRST = "Overview"
FILTERED: dict[str, Callable[[Filters], None]] = {
    FIRST: overview.show,
    "Regions": regions.show,
    "Customers": customers.show,
    "Merchants": merchants.show,
    "Fraud": fraud.show,
}
PAGES = [*FILTERED, "Card lookup"]
_STYLE = """<style>
.block-container { padding-top: 2.6rem; padding-bottom: 3rem; max-width: 1400px; }
.st-key-figures [data-testid="stMetric"] { min-width: 8.4rem; padding: 0.7rem 0.9rem !important; }
@media (max-width: 640px) { .block-container { padding-top: 4.2rem; } }
[data-testid="stMetricLabel"] p { white-space: normal; }
</style>"""


def main() -> None:
    """One run of the script, as Streamlit does one for each click."""
    st.set_page_config("Swipeline", str(ICON), layout="wide", initial_sidebar_state="auto")
    schemapi.DEBUG_MODE = False  # tests check every chart against Vega-Lite's schema; a reader need not wait for it
    st.html(_STYLE)
    # Streamlit's own pages have paths; opened there, its front end asks for files that are not: errors in the console.
    name = st.segmented_control(
        "Page",
        PAGES,
        default=FIRST,
        required=True,
        key="page",
        bind="query-params",
        label_visibility="collapsed",
    )
    _shown(name or FIRST)


def _shown(name: str) -> None:
    """A page under its title; or why there is none, and another try until there is."""
    st.title(name, anchor=False)
    try:
        now = source.state()
        if not now.transactions:
            st.info(f"No purchases have reached the warehouse yet. {_how_to_send()}", icon=":material/inbox:")
        elif name in FILTERED:
            FILTERED[name](_filters())
        else:
            card.show()
    except WarehouseAwayError as error:
        _away(str(error))
    except QueryError as error:
        st.error(f"The warehouse does not answer this question. {error}", icon=":material/error:")
    else:
        _news(now)


def _how_to_send() -> str:
    return f"Send some with `swipeline send FILE --stage {source.stage_name()}`; they are here seconds later."


@st.fragment(run_every=RETRY_SECONDS)
def _away(why: str) -> None:
    """Says so, and looks again by itself: the page comes back without a click."""
    try:
        source.state()
    except WarehouseAwayError:
        local = source.stage_name() == LOCAL
        advice = "Start it with `swipeline up`." if local else "Look at the workgroup in the Redshift console."
        st.warning(
            f"**The warehouse is away.** {advice} "
            f"This page looks again every {RETRY_SECONDS:.0f} seconds and comes back by itself.",
            icon=":material/cloud_off:",
        )
        with st.expander("What it said"):
            st.code(why, language=None, wrap_lines=True)
    else:
        st.rerun(scope="app")


def _news(drawn: source.State) -> None:
    """At the foot of the filters: how fresh this is. Draws the page anew when that has changed."""

    @st.fragment(run_every=source.refresh_seconds())
    def foot() -> None:
        try:
            now = source.state()
        except WarehouseAwayError:
            st.rerun(scope="app")
        if now.version != drawn.version:
            st.rerun(scope="app")
        days = f"{now.first:%-d %b %Y} to {now.last:%-d %b %Y}" if now.first and now.last else "no days"
        fresh = f" Refreshed {now.refreshed:%-d %b %Y %H:%M:%S} UTC." if now.refreshed else ""
        st.caption(f"Stage {source.stage_name()}: {now.transactions:,} purchases, {days}.{fresh}")

    with st.sidebar:
        foot()
        if st.button("Refresh", icon=":material/refresh:", type="tertiary", key="refresh"):
            source.forget()
            st.rerun()


def _filters() -> Filters:
    """The filters, beside every page but the lookup; they stay from page to page, and are in the address."""
    now, choices = source.state(), source.choices()
    assert now.first
    assert now.last
    with st.sidebar:
        st.markdown("#### Filters")
        first, last = _dates(now.first, now.last)
        chosen = Filters(
            first=first,
            last=last,
            states=_several("State", "state", choices.states, state_name),
            categories=_several("Category", "category", choices.categories, category_name),
            genders=_several("Gender", "gender", list(GENDERS), GENDERS.__getitem__),
            ages=_several("Age at the purchase", "age", list(AGE_BANDS), str),
        )
        if chosen != Filters(first=now.first, last=now.last):
            st.button(
                "Clear the filters",
                icon=":material/filter_alt_off:",
                on_click=_clear,
                args=(now.first, now.last),
                key="clear",
            )
    return chosen.within(now.first, now.last)


def _dates(first: date, last: date) -> tuple[date, date]:
    """From and to, both included. A wrong order is turned round."""
    with st.container(horizontal=True):
        begin = st.date_input("From", first, first, last, key="from", format="YYYY-MM-DD", bind="query-params")
        end = st.date_input("To", last, first, last, key="to", format="YYYY-MM-DD", bind="query-params")
    begin, end = begin or first, end or last
    return (begin, end) if begin <= end else (end, begin)


def _several(label: str, key: str, options: list[str], name: Callable[[str], str]) -> tuple[str, ...]:
    found = st.multiselect(label, options, format_func=name, key=key, placeholder="All", bind="query-params")
    return tuple(found)


def _clear(first: date, last: date) -> None:
    st.session_state["from"], st.session_state["to"] = first, last
    for key in ("state", "category", "gender", "age"):
        st.session_state[key] = []


if __name__ == "__main__":
    main()
