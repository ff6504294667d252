"""What a page is made of: a chart in a card, with its data to download; a row of figures; a note instead of nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard.csv_file import to_csv
from dashboard.theme import DARK, LIGHT, Palette, styled

TABLE_HEIGHT, HEADER_HEIGHT, ROW_HEIGHT = 420, 40, 35  # pixels
EMPTY = "No purchases match these filters."


def palette() -> Palette:
    """The colours of the mode that the reader's browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def map_height(pixels: int) -> int:
    """How high a map may be: on a phone, which is narrow, no higher than it is wide."""
    return min(pixels, 250) if "Mobile" in st.context.headers.get("User-Agent", "") else pixels


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Says that the warehouse is being asked, while it is."""
    with st.spinner("Asking the warehouse …", show_time=True):
        yield


def figures(values: Mapping[str, tuple[str, str]]) -> None:
    """A row of figures that wraps on a narrow screen: title to (text, help)."""
    with st.container(horizontal=True, gap="small", key="figures"):
        for title, (text, explanation) in values.items():
            st.metric(title, text, help=explanation or None, border=True, width="stretch")


def panel(
    name: str,
    title: str,
    note: str,
    chart: alt.TopLevelMixin | None,
    data: pd.DataFrame,
    *,
    columns: Mapping[str, Any] | None = None,
) -> None:
    """A chart in a card, under its title and a note on what is seen, with its rows as a CSV file.

    ``name`` is the file's, and unique on the page. Without a chart the rows are shown as a table, with ``columns`` as
    Streamlit's column configurations.
    """
    with st.container(border=True, key=f"panel-{name}"):
        with st.container(horizontal=True, vertical_alignment="top", wrap=False, gap="small"):
            st.markdown(f"##### {title}\n:small[:gray[{note}]]", width="stretch")
            if len(data):
                st.download_button(
                    "CSV",
                    partial(to_csv, data),  # made when it is asked for: a run of the script leaves no files to fetch
                    f"{name}.csv",
                    "text/csv",
                    key=f"download-{name}",
                    icon=":material/download:",
                    type="tertiary",
                    on_click="ignore",
                    help=f"The {len(data):,} rows behind this, as a CSV file",
                )
        if not len(data):
            st.info(EMPTY, icon=":material/filter_alt_off:")
        elif chart is not None:
            st.altair_chart(styled(chart, palette()), theme=None, width="stretch", alt=f"{title}. {note}")
        else:
            height = min(TABLE_HEIGHT, HEADER_HEIGHT + ROW_HEIGHT * len(data))
            st.dataframe(data, column_config=dict(columns or {}), hide_index=True, height=height, placeholder="")
