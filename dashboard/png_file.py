"""A chart as a PNG picture, drawn here: nothing of it goes to the network."""

from __future__ import annotations

import altair as alt
import vl_convert

from dashboard.theme import Palette, styled

WIDTH, SCALE = 900, 2.0


def to_png(chart: alt.TopLevelMixin, title: str, note: str, palette: Palette) -> bytes:
    """The chart as the page shows it, 900 pixels wide at twice the density, under its title and what it shows."""
    heading = alt.TitleParams(
        title, subtitle=note, anchor="start", offset=14, fontSize=18, subtitleFontSize=13,
        color=palette.text, subtitleColor=palette.muted,
    )  # fmt: skip
    spec = styled(chart, palette).properties(width=WIDTH, title=heading).to_dict()
    spec["background"] = spec["config"]["background"] = palette.background
    return bytes(vl_convert.vegalite_to_png(spec, scale=SCALE, allowed_base_urls=[]))
