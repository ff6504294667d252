"""What a page is made of: a chart in a card, with its data to download; a row of figures; a note instead of nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import exported
from dashboard.columns import COUNTS, MONEY, SHARES, titled
from dashboard.columns import title as title_of
from dashboard.csv_file import to_csv
from dashboard.excel_file import to_excel
from dashboard.figures.parts import PICK
from dashboard.png_file import to_png
from dashboard.theme import DARK, LIGHT, Palette, styled

TABLE_HEIGHT, HEADER_HEIGHT, ROW_HEIGHT = 420, 40, 35  # pixels
EMPTY = "No purchases match these filters."
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def palette() -> Palette:
    """The colors of the mode that the reader's browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def map_height(pixels: int) -> int:
    """How high a map may be: on a phone, which is narrow, no higher than it is wide."""
    return min(pixels, 250) if "Mobile" in st.context.headers.get("User-Agent", "") else pixels


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Says that the warehouse is being asked, while it is."""
    with st.spinner("Asking the warehouse …", show_time=True):
        yield


class Figure(NamedTuple):
    """A tile: its text, its explanation, its change against the period before and whether more is better."""

    text: str
    explanation: str = ""
    change: str | None = None
    color: Literal["normal", "inverse", "off"] = "off"


def figures(values: Mapping[str, Figure]) -> None:
    """A row of figures that wraps on a narrow screen."""
    with st.container(horizontal=True, gap="small", key="figures"):
        for title, each in values.items():
            help_ = each.explanation or None
            st.metric(title, each.text, each.change, delta_color=each.color, help=help_, border=True, width="stretch")


def panel(
    name: str,
    title: str,
    note: str,
    chart: Callable[[], alt.TopLevelMixin] | None,
    data: pd.DataFrame,
    *,
    columns: Mapping[str, Any] | None = None,
    empty: str = EMPTY,
    picks: str = "",
) -> None:
    """A chart in a card, under its title and a note on what is seen, with its rows and its picture to download.

    ``name`` is the file's, and unique on the page. ``chart`` makes the chart, and is called only where there are rows;
    without one the rows are shown as a table, with ``columns`` as Streamlit's column configurations. ``empty`` says why
    there are none. ``picks`` is the filter that a click on a mark sets to the mark's value of its column.
    """
    with st.container(border=True, key=f"panel-{name}"):
        made = chart() if chart is not None and len(data) else None
        with st.container(horizontal=True, vertical_alignment="top", wrap=True, gap="small"):
            st.markdown(f"## {title}\n:small[:gray[{note}]]", width="stretch")
            if len(data):
                _downloads(name, title, note, made, data)
        if not len(data):
            st.info(empty, icon=":material/filter_alt_off:")
        elif made is not None:
            _draw(name, f"{title}. {note}", made, picks)
        else:
            height = min(TABLE_HEIGHT, HEADER_HEIGHT + ROW_HEIGHT * len(data))
            configuration = {key: (columns or {}).get(key, heading(key)) for key in data.columns}
            st.dataframe(data, column_config=configuration, hide_index=True, height=height, placeholder="", alt=title)


def _draw(name: str, text: str, chart: alt.TopLevelMixin, picks: str) -> None:
    shown, key = styled(chart, palette()), f"chart-{name}"
    if picks not in pickable:
        st.altair_chart(shown, theme=None, width="stretch", alt=text)
        return
    on_select = partial(_picked, key, picks)
    st.altair_chart(shown, theme=None, width="stretch", alt=text, key=key, on_select=on_select, selection_mode=[PICK])


def _picked(key: str, picks: str) -> None:
    """A click on a mark: show that value alone."""
    values = [row[picks] for row in st.session_state[key].selection.get(PICK, []) if row.get(picks) is not None]
    if values:
        pickable[picks](values[0])


pickable: dict[str, Callable[[Any], None]] = {}  # what a click on a mark may set: filled by dashboard.choices


def heading(name: str) -> Any:
    """How a table shows a column that it says nothing else of. A unit that each value shows is not in the title."""
    if name in MONEY:
        return st.column_config.NumberColumn(title_of(name).partition(",")[0], format="dollar")
    if name in SHARES:
        return st.column_config.NumberColumn(title_of(name).partition(",")[0], format="percent")
    if name in COUNTS:
        return st.column_config.NumberColumn(title_of(name), format="localized")
    return st.column_config.Column(title_of(name))


def _downloads(name: str, title: str, note: str, chart: alt.TopLevelMixin | None, data: pd.DataFrame) -> None:
    """Files, each made when it is asked for: a run of the script leaves none to fetch."""
    said, colors = exported.about(title, note), palette()
    files: dict[str, tuple[str, str, Callable[[], bytes], str]] = {}
    if chart is not None:
        about = ". ".join(filter(None, (note, said["Filters"], f"Stage {said['Stage']}")))
        files["PNG"] = ("png", "image/png", lambda: to_png(chart, title, about, colors), "This chart as a picture")
    rows = f"The {len(data):,} rows behind this"
    files["CSV"] = ("csv", "text/csv", lambda: to_csv(titled(data)), f"{rows}, as a CSV file")
    files["Excel"] = (
        "xlsx",
        EXCEL,
        lambda: to_excel(titled(data), said),
        f"{rows}, as an Excel workbook that names the filters",
    )
    with st.container(horizontal=True, gap="xsmall", width="content", key=f"files-{name}"):
        for kind, (ending, mime, make, explanation) in files.items():
            st.download_button(
                f"{kind} :small[of {title}]",
                make,
                exported.file_name(name, ending),
                mime,
                key=f"download-{name}" if kind == "CSV" else f"download-{name}-{ending}",
                type="tertiary",
                on_click="ignore",
                help=explanation,
            )
