"""What the day has cost so far: the stage's idle price and its rows at list prices. No call that is billed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from client.cost.assumptions import assume
from client.cost.model import bill, read_prices
from client.cost.once import once
from client.cost.shape import HOURS
from client.cost.template import read
from client.doctor.finding import OK, Finding
from client.reconcile.api import api_counts
from client.reconcile.lake import Arrival
from client.serverless import REPOSITORY
from client.verify.deployed import Deployed

AREA = "Cost"
USAGE = REPOSITORY / "benchmarks" / "results" / "end_to_end.json"


def cost(deployed: Deployed, now: datetime | None = None, usage: Path = USAGE) -> Iterator[Finding]:
    """Give a finding with the estimate since midnight UTC."""
    now = now or datetime.now(UTC)
    counts = api_counts(deployed.stage, Arrival(now.date(), None), now)
    rows = counts.hop.accepted if counts.hop else 0
    if deployed.stage.local:
        yield Finding(AREA, "today", OK, f"$0: stage local runs on this machine. {rows:,} rows accepted today (UTC).")
        return
    hours = max(1 / 60, (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 3600)
    run = next(iter(json.loads(usage.read_text(encoding="utf-8"))["figures"]["runs"].values()))
    given, prices = assume(read(deployed.template)), read_prices()
    dollars = (
        once(run["usage"], prices, rows, hours, given)
        if rows
        else bill(run["usage"], prices, 0.0, given).fixed * hours / HOURS
    )
    text = f"About ${dollars:,.2f} since midnight UTC, at list prices, for {rows:,} accepted rows and {hours:.1f} h."
    yield Finding(AREA, "today", OK, text, f"swipeline cost --stage {deployed.stage.name}", "budget")
