"""Draws a result's plots as SVG; the file names the plot's content, so that a stale one is detected without drawing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARK = "swipeline-plot:"
_COLOURS = ("#1f5fa8", "#d1661a", "#3a8a4d", "#8a3a86", "#6b6b6b", "#b8a11b")


def digest(plot: Mapping[str, Any]) -> str:
    """What a drawn file carries to say of what it was drawn."""
    return hashlib.sha256(json.dumps(plot, sort_keys=True).encode()).hexdigest()[:16]


def is_current(plot: Mapping[str, Any], path: Path) -> bool:
    """Whether the file shows this plot."""
    return path.exists() and f"{MARK}{digest(plot)}" in path.read_text(encoding="utf-8")


def draw(plot: Mapping[str, Any], path: Path) -> None:
    """Draw one plot. The same plot gives the same bytes with the same matplotlib."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    mpl.rcParams.update({"svg.hashsalt": "swipeline", "font.size": 9, "axes.spines.top": False})
    mpl.rcParams.update({"axes.spines.right": False, "font.family": "DejaVu Sans", "svg.fonttype": "path"})
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    series = plot["series"]
    if plot["kind"] == "bar":
        words = list(dict.fromkeys(str(x) for points in series.values() for x, _ in points))
        width = 0.8 / len(series)
        for index, (name, points) in enumerate(series.items()):
            at = [words.index(str(x)) + (index - (len(series) - 1) / 2) * width for x, _ in points]
            axes.bar(at, [y for _, y in points], width, label=name, color=_COLOURS[index % len(_COLOURS)])
        axes.set_xticks(range(len(words)), words, rotation=20 if sum(map(len, words)) > 60 else 0)
    else:
        for index, (name, points) in enumerate(series.items()):
            colour = _COLOURS[index % len(_COLOURS)]
            axes.plot([x for x, _ in points], [y for _, y in points], "o-", ms=4, label=name, color=colour)
        if plot["log_x"]:
            axes.set_xscale("log")
        elif series:
            axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    if plot["log_y"]:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set(title=plot["title"], xlabel=plot["x"], ylabel=plot["y"])
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    if len(series) > 1:
        axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Description": MARK + digest(plot)})
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")
