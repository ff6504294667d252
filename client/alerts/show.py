"""The precision of alerts over time, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.table import Table

from fraud.precision import Judged


def precision_table(periods: Iterable[Judged], by: str) -> Table:
    """Give a row per period: alerts, verdicts, and how many of the judged were frauds."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    made.add_column(f"{by} from", no_wrap=True)
    for name in ("alerts", "judged", "fraud", "genuine", "precision", "95% within"):
        made.add_column(name, justify="right", no_wrap=True)
    for period in periods:
        counts = (f"{number:,}" for number in (period.alerts, period.judged, period.fraud, period.genuine))
        share = "" if period.precision is None else f"{period.precision:.3f}"
        between = "" if period.between is None else "{:.3f} to {:.3f}".format(*period.between)
        made.add_row(period.begin, *counts, share, between)
    return made
