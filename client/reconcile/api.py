"""The API hop without journals: what write-to-kinesis counted of itself, by time of arrival."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from client import metrics
from client.aws import SERVICE, Stage
from client.reconcile.lake import Arrival
from client.reconcile.ledger import Hop

FUNCTION = "write-to-kinesis"
METRICS = ("Received", "Accepted", "Rejected", "Duplicates")
KEPT = timedelta(days=455)  # CloudWatch keeps sums by the hour so long


class ApiCounts(NamedTuple):
    """The API's line, and where it was taken from; no line when there is no count at all."""

    hop: Hop | None
    source: str


def api_counts(stage: Stage, arrival: Arrival, now: datetime) -> ApiCounts:
    """Sum the function's counts over the days of arrival.

    CloudWatch makes metrics of the EMF lines in the function's log. The embedded AWS does not: on stage local the lines
    themselves are read.
    """
    begin = _midnight(arrival.first) if arrival.first else now - KEPT
    end = min(now, _midnight(arrival.end)) if arrival.end else now
    sums = _from_log(stage, begin, end) if stage.local else _from_metrics(stage, begin, end)
    source = "the function's log" if stage.local else "CloudWatch"
    if not any(name in sums for name in METRICS):
        return ApiCounts(None, source)
    received, accepted, rejected, duplicates = (round(sums.get(name, 0)) for name in METRICS)
    hop = Hop(received=received, accepted=accepted, rejected=rejected, written=accepted, duplicates=duplicates)
    return ApiCounts(hop, source)


def _from_metrics(stage: Stage, begin: datetime, end: datetime) -> dict[str, float]:
    return metrics.sums(stage, {FUNCTION: METRICS}, begin, end, period=3600).get(FUNCTION, {})


def _from_log(stage: Stage, begin: datetime, end: datetime) -> dict[str, float]:
    sums: dict[str, float] = {}
    pages = (
        stage.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{SERVICE}-{stage.name}-{FUNCTION}",
            startTime=int(begin.timestamp() * 1000),
            endTime=int(end.timestamp() * 1000) + 1,
            filterPattern='"CloudWatchMetrics"',
        )
    )
    for page in pages:
        for event in page["events"]:
            line = _emf(event["message"])
            for name in METRICS:
                if name in line:
                    sums[name] = sums.get(name, 0) + sum(line[name])
    return sums


def _emf(message: str) -> dict[str, list[float]]:
    """Give the values of an EMF line by metric; of any other line nothing."""
    try:
        line: Any = json.loads(message)
        named = {m["Name"] for group in line["_aws"]["CloudWatchMetrics"] for m in group["Metrics"]}
    except (ValueError, KeyError, TypeError):
        return {}
    return {name: line[name] if isinstance(line[name], list) else [line[name]] for name in named if name in line}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
