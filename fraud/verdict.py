"""A verdict: what a person found an alert to be. It is kept with its history, and sent to the warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fraud.alert import Alert

FINDINGS = ("fraud", "genuine")
OPEN = "open"  # the status of an alert that nobody has reviewed
STATUSES = (OPEN, *FINDINGS)
WORDS = (*FINDINGS, OPEN)  # what may be said of an alert: open withdraws the verdict before
MOST = 100  # verdicts on one alert: it stays one item of a few KB

# What a line of the alert stream may have beside an alert's own fields; columns of staging.alert_event.
VERDICT_COLUMNS = ("verdict", "judged_by", "judged_at")

Item = Mapping[str, Mapping[str, Any]]


class Verdict(NamedTuple):
    """One person's word on an alert."""

    verdict: str  # of WORDS
    by: str  # who says so
    note: str  # why; empty if nothing is said
    at: str  # when, UTC in ISO form with milliseconds


def verdicts(item: Item) -> list[Verdict]:
    """Give the verdicts of an item of the alerts table, the first one first: the last one counts."""
    return [
        Verdict(one["M"]["verdict"]["S"], one["M"]["by"]["S"], one["M"]["note"]["S"], one["M"]["at"]["S"])
        for one in item.get("verdicts", {}).get("L", [])
    ]


def repeats(item: Item, verdict: Verdict) -> Verdict | None:
    """Give the last verdict if this one only says it again: the same person, finding and note, whenever."""
    given = verdicts(item)
    return given[-1] if given and given[-1][:3] == verdict[:3] else None


def to_attribute(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as an element of the item's list."""
    return {"M": {name: {"S": value} for name, value in verdict._asdict().items()}}


def to_line(item: Item, verdict: Verdict) -> bytes:
    """Give a verdict as a line of the alert stream: the alert as it was raised, and who found what, when.

    So the warehouse gets alerts and verdicts by one road, and a verdict never lacks its alert there. The note stays
    out: nobody knows what people write.
    """
    values: dict[str, Any] = dict.fromkeys(Alert._fields)
    values |= {name: next(iter(item[name].values())) for name in Alert._fields if name in item and name != "reasons"}
    values["reasons"] = "; ".join(reason["S"] for reason in item["reasons"]["L"])
    values["is_alert"] = True  # what only a shadow model flags is not in the table
    values |= dict(zip(VERDICT_COLUMNS, (verdict.verdict, verdict.by, verdict.at), strict=True))
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"
