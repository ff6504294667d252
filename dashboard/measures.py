"""The choice of what a page's charts count: in the address, and the same on every page that has it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.figures.parts import Measure


def choose(measures: Sequence[Measure], label: str = "Measure", key: str = "measure") -> Measure:
    """One of the measures; the first unless the reader or the address says otherwise."""
    titles = {short_title(measure): measure for measure in measures}
    first = next(iter(titles))
    if st.query_params.get(key, first) not in titles:  # of another page, which has more of them
        del st.query_params[key]
    chosen = st.segmented_control(label, list(titles), default=first, required=True, key=key, bind="query-params")
    return titles.get(chosen or first, measures[0])


def short_title(measure: Measure) -> str:
    """Without its unit."""
    return measure.title.split(",")[0]
