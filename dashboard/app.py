"""The page that `swipeline dashboard` opens: navigation, filters, and the message when the warehouse is unavailable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st
from altair.utils import schemapi

from client.aws import LOCAL
from dashboard import choices, exported, nav, source
from dashboard.data_api import QueryError, WarehouseUnavailableError
from dashboard.filters import Filters
from dashboard.views import card, customers, fraud, merchants, overview, purchases, queue, regions

RETRY_SECONDS = 2.0
ICON = Path(__file__).resolve().parent / "icon.svg"  # a :material: icon would come from the network
STYLE = Path(__file__).resolve().parent / "style.css"
FIRST = "Overview"
FILTERED: dict[str, Callable[[Filters], None]] = {
    FIRST: overview.show,
    "Regions": regions.show,
    "Customers": customers.show,
    "Merchants": merchants.show,
    "Fraud": fraud.show,
    "Purchases": purchases.show,
}
OTHERS: dict[str, Callable[[], None]] = {"Alert queue": queue.show, "Card lookup": card.show}
PAGES = [*FILTERED, *OTHERS]


def main() -> None:
    """One run of the script, as Streamlit does one for each click."""
    asked = st.query_params.get("page", FIRST)
    name = asked if asked in PAGES else FIRST
    st.set_page_config(f"{name} · Swipeline", str(ICON), layout="wide", initial_sidebar_state="auto")
    schemapi.DEBUG_MODE = False  # tests check every chart against Vega-Lite's schema; a reader need not wait for it
    st.html(STYLE)
    nav.links(PAGES, name)
    _shown(name)
    if asked not in PAGES:
        st.warning(f"This link asks for a page that is not here. There are: {', '.join(PAGES)}.")


def _shown(name: str) -> None:
    """A page under its title; or why there is none, and another try until there is."""
    st.title(name, anchor=False)
    try:
        now = source.state()
        if not now.transactions:
            st.info(f"No purchases have reached the warehouse yet. {_how_to_send()}", icon=":material/inbox:")
        elif name in FILTERED:
            filters = choices.choose().within(now.first, now.last)
            seen = replace(filters, first=filters.first or now.first, last=filters.last or now.last)
            exported.remember(seen)
            _said(seen)
            FILTERED[name](filters)
        else:
            exported.remember(None)
            OTHERS[name]()
    except WarehouseUnavailableError as error:
        _away(str(error))
    except QueryError as error:
        st.error(f"The warehouse refused this query. {error}", icon=":material/error:")
    else:
        _news(now)


def _said(filters: Filters) -> None:
    """On paper, where the sidebar is not: what is seen."""
    with st.container(key="print-only"):
        st.markdown(f"Stage {source.stage_name()}. {filters.described()}. {exported.link()}")


def _how_to_send() -> str:
    return f"Send some with `swipeline send FILE --stage {source.stage_name()}`; they are here seconds later."


def _away(why: str) -> None:
    """Says so. On stage local it retries, and the page comes back without a click; on AWS each query is billed."""
    local = source.stage_name() == LOCAL
    again = (
        f"Retrying every {RETRY_SECONDS:.0f} seconds; this page comes back by itself."
        if local
        else "Reload this page to retry."
    )

    @st.fragment(run_every=RETRY_SECONDS if local else None)
    def notice() -> None:
        if local:
            try:
                source.state()
            except WarehouseUnavailableError:
                pass
            else:
                st.rerun(scope="app")
        advice = "Start it with `swipeline up`." if local else "Look at the workgroup in the Redshift console."
        st.warning(f"**Can't reach the warehouse.** {advice} {again}", icon=":material/cloud_off:")
        with st.expander("Error details"):
            st.code(why, language=None, wrap_lines=True)

    notice()


def _news(drawn: source.State) -> None:
    """At the foot of the filters: how fresh this is. Redraws the page when that has changed."""

    @st.fragment(run_every=source.refresh_seconds())
    def foot() -> None:
        try:
            now = source.state()
        except WarehouseUnavailableError:
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


if __name__ == "__main__":
    main()
