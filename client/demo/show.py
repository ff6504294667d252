"""What the demo shows to people, and what it says to try next."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from client.alerts.quality import Quality
from client.demo.learning import describe
from client.demo.run import Demo
from client.demo.samples import Samples
from client.reconcile.show import ledger_table

_NEXT = (
    ("swipeline status", "the parts of the embedded AWS"),
    ("swipeline send FILE.csv", "your own file, or the Kaggle one"),
    ("swipeline generate --rows 100000 --out more.csv", "more simulated transactions"),
    ("swipeline reconcile", "the ledger over all that was sent"),
    ("swipeline alerts --follow", "fraud alerts with their reasons, as they come"),
    ("swipeline dashboard", "all of it as charts: http://127.0.0.1:8501"),
    ("swipeline console", "CloudWatch: dashboards, alarms, log queries, traces: http://127.0.0.1:8601"),
    ("swipeline down", "stop it; what was stored stays"),
)


def demo_report(demo: Demo) -> RenderableType:
    """The ledger, the time of each step, the samples, and the next steps."""
    parts: list[RenderableType] = []
    if demo.ledger:
        parts.append(ledger_table(demo.ledger))
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in demo.seconds.items())
    if demo.summary:
        steps += f"; {demo.summary.rows_per_second:,.0f} rows/s acknowledged"
    parts.append(Text(f"Time: {steps}"))
    if demo.summary and demo.summary.resent:
        parts.append(Text(f"{demo.summary.resent:,} rows were there from an earlier run: none was stored twice."))
    if demo.samples:
        parts += _samples(demo.samples)
    if demo.quality:
        parts += _fraud(demo.quality, demo.alerts)
    if demo.learned:
        parts += [Text(line) for line in describe(demo.learned)]
    parts.append(Text("\nTry next:"))
    parts += [Text(f"  {command:<49} {what}") for command, what in _NEXT]
    return Group(*parts)


def _fraud(quality: Quality, alerts: list[dict[str, Any]]) -> list[RenderableType]:
    """The newest alerts with their reasons, and all of them against the labels."""
    said: list[RenderableType] = [Text("Fraud alerts, the newest:")] if alerts else []
    said += [
        Text(
            f"  {float(alert['score']):.3f}  card ...{alert['card_last4']}, {alert['amount']} dollars at "
            f"{alert['merchant']}, {alert['occurred_at'][:16]}Z: {'; '.join(alert['reasons'])}"
        )
        for alert in alerts
    ]
    text = f"{quality.alerts:,} alerts"
    if quality.precision is not None:
        text += f"; {quality.caught:,} of them are fraud by the labels: precision {quality.precision:.3f}"
    if quality.recall is not None:
        text += f", recall {quality.recall:.3f} of {quality.frauds:,} frauds"
    if not quality.complete:
        text += f" (so far: {quality.transactions - quality.scored:,} transactions wait to be scored)"
    return [*said, Text(text)]


def _samples(samples: Samples) -> list[RenderableType]:
    t = samples.transaction
    found = Text(
        f"\nBy card and time (DynamoDB): card ...{t['card_last4']} paid {t['amount']} dollars at {t['merchant']} "
        f"({t['category']}) on {t['occurred_at']}; {samples.of_the_card:,} payments of this card in that month\n"
        f"By merchant (DynamoDB index): {samples.of_the_merchant:,} payments at {t['merchant']} in that month"
    )
    table = Table(title="Spend by category (warehouse)", box=SIMPLE_HEAD)
    table.add_column("category")
    for column in ("transactions", "dollars", "frauds"):
        table.add_column(column, justify="right")
    for category, count, spend, frauds in samples.by_category:
        table.add_row(category, f"{int(count):,}", f"{float(spend):,.2f}", f"{int(frauds or 0):,}")
    return [found, table]
