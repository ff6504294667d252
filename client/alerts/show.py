"""The queue of alerts and their precision over time, as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from client.alerts.queue import Entry
from client.alerts.threshold import Outlook
from fraud.precision import Reviewed

_NAMED = 5  # of the damaged alerts


def damaged_text(damaged: Mapping[str, str]) -> str:
    """Give one line on alerts that are left out, for people."""
    named = ", ".join(f"{name} ({reason})" for name, reason in sorted(damaged.items())[:_NAMED])
    more = f" and {len(damaged) - _NAMED:,} more" if len(damaged) > _NAMED else ""
    return f"{len(damaged):,} alerts of the table cannot be read and are left out: {named}{more}"


def queue_table(entries: Iterable[Entry]) -> Table:
    """Give a row per open alert; the id is whole, to be copied into `swipeline verdict`."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("at risk, $", "score", "amount, $"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("card", no_wrap=True)
    made.add_column("merchant", no_wrap=True, max_width=24, overflow="ellipsis")
    made.add_column("also open", no_wrap=True)
    made.add_column("assigned to", no_wrap=True, max_width=12, overflow="ellipsis")
    made.add_column("id", no_wrap=True, overflow="fold")
    for one in entries:
        alert, also = one.alert, f"{one.of_card} of card, {one.of_merchant} of merchant"
        made.add_row(
            f"{one.at_risk:,.2f}",
            f"{float(alert['score']):.3f}",
            f"{alert['amount']:,.2f}",
            f"…{alert['card_last4']}",
            escape(alert["merchant"]),
            also if one.of_card or one.of_merchant else "",
            escape(alert.get("assigned_to", "")),
            alert["transaction_id"],
        )
    return made


def precision_table(periods: Iterable[Reviewed], by: str) -> Table:
    """Give a row per period: alerts, verdicts, and how many of the reviewed ones were fraud."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    made.add_column(f"{by} from", no_wrap=True)
    for name in ("alerts", "reviewed", "fraud", "genuine", "precision", "95% within"):
        made.add_column(name, justify="right", no_wrap=True)
    for period in periods:
        counts = (f"{number:,}" for number in (period.alerts, period.reviewed, period.fraud, period.genuine))
        share = "" if period.precision is None else f"{period.precision:.3f}"
        between = "" if period.between is None else "{:.3f} to {:.3f}".format(*period.between)
        made.add_row(period.begin, *counts, share, between)
    return made


def outlook_table(outlooks: Iterable[Outlook], in_force: float | None) -> Table:
    """Give a row per threshold: what it would have given."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("threshold", "alerts a day", "precision", "by"):
        made.add_column(name, justify="right", no_wrap=True)
    for one in outlooks:
        precision = "" if one.precision is None else f"{one.precision:.2f}"
        by = f"{one.reviewed:,} verdicts" if one.reviewed else "scores"
        style = "bold" if one.threshold == in_force else ""
        made.add_row(f"{one.threshold:.4f}", f"{one.alerts_per_day:,.1f}", precision, by, style=style)
    return made
