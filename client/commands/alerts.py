"""`swipeline alerts` and `swipeline verdict`: what fraud detection found, and what people think of it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption

POLL_SECONDS = 2.0


def alerts(
    stage: StageOption = "local",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with those to come, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON per alert, for programs.")] = False,
) -> None:
    """Show the newest fraud alerts with their reasons, the newest last."""
    from client.alerts.table import AlertsTable

    where = Stage(stage)
    with explained(where):
        table = AlertsTable(where)
        began = datetime.now(UTC)
        shown = table.newest(limit)[::-1]
        for alert in shown:
            _print(alert, as_json)
        if not shown and not follow:
            output.note("no alerts in the last 30 days")
        seen = {alert["transaction_id"] for alert in shown}
        while follow:
            time.sleep(POLL_SECONDS)
            fresh = [alert for alert in table.since(began) if alert["transaction_id"] not in seen]
            for alert in fresh:
                _print(alert, as_json)
            seen |= {alert["transaction_id"] for alert in fresh}
    judged = [alert["verdict"] for alert in shown if "verdict" in alert]
    if judged and not as_json:
        share = judged.count("fraud") / len(judged)
        output.note(f"{len(judged)} of these have a verdict; {share:.0%} of them were fraud")


def verdict(
    transaction_id: Annotated[str, typer.Argument(help="Of the alert, as `swipeline alerts` shows it.")],
    finding: Annotated[str, typer.Argument(help="fraud or genuine", metavar="fraud|genuine")],
    stage: StageOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Say whether an alert was right. It is kept with the alert, for the next training; the last word counts."""
    from client.alerts.table import AlertsTable

    where = Stage(stage)
    with explained(where):
        alert = AlertsTable(where).give_verdict(transaction_id, finding)
    if as_json:
        output.as_json(_jsonable(alert))
    else:
        output.note(f"{transaction_id}: {finding}")


def describe(alert: dict[str, Any]) -> str:
    """An alert in one line, reasons at the end."""
    said = f"  [{alert['verdict']}]" if "verdict" in alert else ""
    return (
        f"{alert['alerted_at'][:19]}  {float(alert['score']):.3f}  card ...{alert['card_last4']}  "
        f"{alert['amount']} at {alert['merchant']} on {alert['occurred_at'][:16]}: "
        f"{'; '.join(alert['reasons'])}  ({alert['transaction_id']}){said}"
    )


def _print(alert: dict[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(_jsonable(alert)) if as_json else describe(alert))


def _jsonable(alert: dict[str, Any]) -> dict[str, Any]:
    """Amounts as text, to the cent; scores as numbers."""
    scores = ("score", "threshold", "shadow_score")
    return {
        name: float(value) if name in scores else value if isinstance(value, str | list) else str(value)
        for name, value in alert.items()
    }
