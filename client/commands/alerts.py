"""`swipeline alerts`: what fraud detection found; one alert, its precision over time, its verdicts for training."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from client import output
from client.aws import Stage, explained
from client.commands.options import JsonOption, StageOption
from client.errors import ClientError
from fraud.verdict import FINDINGS

POLL_SECONDS = 2.0

app = typer.Typer(
    invoke_without_command=True,
    no_args_is_help=False,
    rich_markup_mode=None,
)


@app.callback()
def alerts(
    context: typer.Context,
    stage: StageOption = "local",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of alerts (newest first).")] = 20,
    follow: Annotated[bool, typer.Option("--follow", help="Keep streaming new alerts, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per alert.")] = False,
) -> None:
    """Show the newest fraud alerts with their reasons.

    The newest is last, as in a log.

    Example: swipeline alerts --limit 50 --follow
    """
    if context.invoked_subcommand:
        return
    from client.alerts.table import AlertsTable

    where = Stage(stage)
    with explained(where):
        table = AlertsTable(where)
        began = datetime.now(UTC)
        shown = table.newest(limit)[::-1]
        for alert in shown:
            _print(alert, as_json)
        _note_damaged(table.damaged)
        if not shown and not follow:
            output.note("no alerts in the last 30 days")
        seen = {alert["transaction_id"] for alert in shown}
        while follow:
            time.sleep(POLL_SECONDS)
            fresh = [alert for alert in table.since(began) if alert["transaction_id"] not in seen]
            for alert in fresh[-limit:]:  # of a burst the newest, as of those before
                _print(alert, as_json)
            if len(fresh) > limit:
                output.note(f"{len(fresh) - limit:,} more new alerts are not shown: raise --limit")
            seen |= {alert["transaction_id"] for alert in fresh}
    reviewed = [alert["verdict"] for alert in shown if alert.get("verdict") in FINDINGS]
    if reviewed and not as_json:
        share = reviewed.count("fraud") / len(reviewed)
        output.note(f"{len(reviewed)} of these have a verdict; {share:.0%} of them were fraud")


@app.command()
def show(
    transaction_id: Annotated[str, typer.Argument(help="Transaction ID, from `swipeline alerts`.")],
    stage: StageOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Show one alert with its verdicts.

    Example: swipeline alerts show 2da90c7d74bd46a0caf3777415b3ebd3
    """
    from client.alerts.table import AlertsTable

    where = Stage(stage)
    with explained(where):
        alert = AlertsTable(where).one(transaction_id)
    if as_json:
        output.as_json(_jsonable(alert))
        return
    typer.echo(describe(alert))
    typer.echo(f"  threshold {float(alert['threshold']):.3f} of model {alert['model']}, card id {alert['card_id']}")
    for one in alert.get("verdicts", []):
        typer.echo(f"  {one['at'][:19]}Z  {one['verdict']}, says {one['by']}{': ' if one['note'] else ''}{one['note']}")


@app.command()
def precision(
    stage: StageOption = "local",
    by: Annotated[str, typer.Option(help="Period to group by: day, week or month.")] = "week",
    days: Annotated[int, typer.Option(min=1, max=3660, help="Time range in days.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Show alert precision over time.

    Each period has its confidence interval. An alert counts by its verdict, else by the transaction's label, also one
    that came later or was corrected.

    Example: swipeline alerts precision --by month --days 365
    """
    from client.alerts.quality import labels
    from client.alerts.table import AlertsTable
    from fraud.precision import PERIODS, over_time

    if by not in PERIODS:
        raise ClientError(f"--by is {', '.join(PERIODS)}, not {by}.")
    where, today = Stage(stage), datetime.now(UTC).date()
    with explained(where):
        table = AlertsTable(where)
        found = list(table.between(today - timedelta(days=days - 1), today))
        _note_damaged(table.damaged)
        known = labels(where) if any(alert.get("verdict") not in FINDINGS for alert in found) else {}
        periods = over_time(((alert["alerted_at"], _finding(alert, known)) for alert in found), by)
    if as_json:
        output.as_json([period.as_json() for period in periods])
        return
    if not periods:
        output.note(f"no alerts in the last {days} days")
        return
    from client.alerts.show import precision_table

    output.table(precision_table(periods, by))


def _finding(alert: dict[str, Any], labels: dict[str, str]) -> str:
    given = str(alert.get("verdict", "open"))
    return given if given in FINDINGS else labels.get(alert["transaction_id"], given)


@app.command()
def verdicts(
    stage: StageOption = "local",
    days: Annotated[int, typer.Option(min=1, max=3660, help="Time range in days.")] = 365,
    late_labels: Annotated[
        bool, typer.Option("--late-labels", help="Add labels that came late or were corrected, of any transaction.")
    ] = False,
) -> None:
    """Print reviewed alerts as CSV.

    The columns are transaction_id and verdict: the input of `swipeline train --verdicts`.

    Example: swipeline alerts verdicts --days 90 --late-labels > verdicts.csv
    """
    from client.alerts import quality
    from client.alerts.table import AlertsTable

    where, today = Stage(stage), datetime.now(UTC).date()
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("transaction_id", "verdict"))
    with explained(where):
        found = quality.late_labels(where) if late_labels else {}
        table = AlertsTable(where)
        for alert in table.between(today - timedelta(days=days - 1), today):
            if alert.get("verdict") in FINDINGS:
                writer.writerow((alert["transaction_id"], alert["verdict"]))
                found.pop(alert["transaction_id"], None)
        writer.writerows(found.items())
        _note_damaged(table.damaged)


@app.command()
def labels(
    file: Annotated[Path, typer.Argument(help="CSV with transaction_id and is_fraud, such as chargebacks.")],
    stage: StageOption = "local",
    by: Annotated[str, typer.Option(help="Name to record (default: your user name).")] = "",
    as_json: JsonOption = False,
) -> None:
    """Record labels that arrive late, such as chargebacks.

    They change the risk of their cards and merchants. A label of an alert is its verdict.

    Example: swipeline alerts labels chargebacks.csv --by jane
    """
    from getpass import getuser

    from client.alerts.labels import give_labels, read_labels

    where = Stage(stage)
    with explained(where):
        done = give_labels(where, list(read_labels(file)), by or getuser())
    if as_json:
        output.as_json(done._asdict())
    else:
        others = f"{done.others:,} other frauds, {len(done.unknown):,} unknown ids"
        output.note(f"{done.verdicts:,} verdicts on alerts, {others}")
        _note_unreadable(done.damaged)
    if done.unknown or done.damaged:
        raise typer.Exit(2)


@app.command()
def queue(
    stage: StageOption = "local",
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="Maximum number of alerts (most money at risk first).")
    ] = 20,
    mine: Annotated[str, typer.Option("--assigned-to", help="Only alerts assigned to this reviewer.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show open alerts to review, most money at risk first.

    Money at risk is score times amount.

    Example: swipeline alerts queue --assigned-to jane
    """
    from client.alerts.queue import load
    from client.alerts.show import queue_table

    where = Stage(stage)
    with explained(where):
        found = load(where)
    _note_damaged(found.damaged)
    entries = [entry for entry in found.entries if not mine or entry.alert.get("assigned_to") == mine][:limit]
    if as_json:
        reviewed = found.reviewed.as_json() | {"open": len(found.entries)}
        rows = [_jsonable(entry.alert) | entry.context() for entry in entries]
        output.as_json({"stage": stage, "reviewed": reviewed, "alerts": rows})
    else:
        output.table(queue_table(entries)) if entries else output.note("No open alerts.")


@app.command()
def assign(
    transaction_id: Annotated[str, typer.Argument(help="Transaction ID, from `swipeline alerts`.")],
    to: Annotated[str, typer.Option(help="Reviewer; an empty name unassigns. Default: your user name.")] = "-",
    stage: StageOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Assign an alert to a reviewer.

    Example: swipeline alerts assign 2da90c7d74bd46a0caf3777415b3ebd3 --to jane
    """
    from getpass import getuser

    from client.alerts.table import AlertsTable

    where = Stage(stage)
    with explained(where):
        alert = AlertsTable(where).assign(transaction_id, getuser() if to == "-" else to)
    if as_json:
        output.as_json(_jsonable(alert))
    else:
        output.note(f"{transaction_id}: {alert.get('assigned_to', 'nobody')}")


@app.command()
def threshold(
    stage: StageOption = "local",
    alerts_per_day: Annotated[
        float | None,
        typer.Option(min=0.01, help="Number of alerts that people can review in a day (default: not set)."),
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=1, help="Share of the alerts that should be fraud, from 0.01 to 1 (default: not set)."
        ),
    ] = None,
    cost_per_review: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="US dollars, from 0.01 (default: not set). Raise an alert if score times amount is at least that.",
        ),
    ] = None,
    score: Annotated[
        float | None, typer.Option(min=0, max=1, help="Alert threshold, a score from 0 to 1 (default: not set).")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Use the model's own threshold again.")] = False,
    category: Annotated[
        str, typer.Option(help="Only for this category (default: all); with --score, --cost-per-review or --reset.")
    ] = "",
    by: Annotated[str, typer.Option(help="Name to record (default: your user name).")] = "",
    days: Annotated[int, typer.Option(min=1, max=90, help="Days of scores to look at.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Show or set the score from which alerts are raised.

    Also shows the alerts and the precision that other thresholds would have given.

    A change takes effect within seconds, without a deployment, and is recorded with who made it and when.

    Example: swipeline alerts threshold --alerts-per-day 50
    """
    import time
    from getpass import getuser

    from client.alerts import threshold as choosing
    from client.alerts.show import outlook_table
    from client.score.run import load_model
    from fraud.policy import COST, MODEL, SCORE

    asked = [one for one in (alerts_per_day, precision, cost_per_review, score) if one is not None]
    if len(asked) + reset > 1:
        raise ClientError("Choose one of --alerts-per-day, --precision, --cost-per-review, --score and --reset.")
    if category and (alerts_per_day or precision or not (asked or reset)):
        raise ClientError("--category goes with --score, --cost-per-review or --reset.")
    where, model = Stage(stage), load_model(None)
    with explained(where):
        week = choosing.last_week(where, model, datetime.now(UTC).date(), days)
        if not week.rows and (alerts_per_day or precision):
            raise ClientError(f"No transaction was scored in the last {days} days: nothing to choose by. Use --score.")
        made: tuple[str, float, str] | None = None
        if alerts_per_day is not None:
            made = (SCORE, round(week.for_alerts(alerts_per_day), 6), f"{alerts_per_day:g} alerts a day")
        elif precision is not None:
            made = (SCORE, round(week.for_precision(precision), 6), f"precision {precision:g}")
        elif cost_per_review is not None:
            made = (COST, cost_per_review, f"${cost_per_review:g} per review")
        elif score is not None:
            made = (SCORE, score, f"score {score:g}")
        elif reset:
            made = (MODEL, model.threshold, "the model's own")
        policy = (
            choosing.decide(where, *made, by or getuser(), time.time(), category) if made else choosing.decided(where)
        )
    now = choosing.in_force(policy, model)
    if as_json:
        output.as_json({"stage": stage} | choosing.overview(week, policy, model, days))
        return
    shown = f"{now['threshold']:.4f}" if now["threshold"] is not None else f"${now['cost_per_review']:g} / amount"
    output.note(f"threshold {shown} ({now['why']}{', by ' + now['by'] if now['by'] else ''})")
    for name, own in now["categories"].items():
        output.note(f"  {name}: {own['why']}, by {own['by']}")
    output.note(f"{week.rows:,} transactions were scored in the last {days} days")
    output.table(outlook_table(choosing.outlooks(week, policy, model), now["threshold"]))
    for one in policy.decisions[-5:]:
        at = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        output.note(
            f"{at}  {one.why}: {one.kind} {one.value:g}, by {one.by}{' for ' * bool(one.category)}{one.category}"
        )


def verdict(
    transaction_id: Annotated[str, typer.Argument(help="Transaction ID, from `swipeline alerts`.")],
    finding: Annotated[
        str, typer.Argument(help="Outcome; open withdraws the last verdict.", metavar="fraud|genuine|open")
    ],
    by: Annotated[str, typer.Option(help="Reviewer (default: your user name).")] = "",
    note: Annotated[str, typer.Option(help="Reason, one line.")] = "",
    stage: StageOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Record the outcome of an alert. The last verdict counts and is used for training.

    Example: swipeline verdict 2da90c7d74bd46a0caf3777415b3ebd3 fraud --note "confirmed by the customer"
    """
    from getpass import getuser

    from client.alerts.table import AlertsTable

    where = Stage(stage)
    with explained(where):
        alert = AlertsTable(where).give_verdict(transaction_id, finding, by or getuser(), note)
    if as_json:
        output.as_json(_jsonable(alert))
    else:
        output.note(f"{transaction_id}: {finding}")


def describe(alert: dict[str, Any]) -> str:
    """An alert in one line, reasons at the end."""
    said = f"  [{alert['verdict']}]" if alert.get("verdict") in FINDINGS else ""
    return (
        f"{alert['alerted_at'][:19]}Z  {float(alert['score']):.3f}  card ...{alert['card_last4']}  "
        f"{alert['amount']} at {alert['merchant']} on {alert['occurred_at'][:16]}Z: "
        f"{'; '.join(alert['reasons'])}  ({alert['transaction_id']}){said}"
    )


def _note_damaged(damaged: Mapping[str, str]) -> None:
    from client.alerts.show import damaged_text

    if damaged:
        output.note(damaged_text(damaged))


def _note_unreadable(damaged: Mapping[str, str]) -> None:
    for transaction_id, reason in damaged.items():
        output.note(f"not labeled, {transaction_id}: {reason}")


def _print(alert: dict[str, Any], as_json: bool) -> None:
    typer.echo(json.dumps(_jsonable(alert)) if as_json else describe(alert))


def _jsonable(alert: dict[str, Any]) -> dict[str, Any]:
    """Amounts as text, to the cent; scores as numbers."""
    scores = ("score", "threshold", "shadow_score")
    return {
        name: float(value) if name in scores else value if isinstance(value, str | list) else str(value)
        for name, value in alert.items()
    }
