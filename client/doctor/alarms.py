"""The alarms that ring, by severity, and those that know nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from client.aws import SERVICE, Stage
from client.doctor.finding import OK, PROBLEM, UNKNOWN, WARNING, Finding, duration

AREA = "Alarms"
# Data waits, is refused, or is kept aside until a person acts; all others name a cause or a risk.
SEVERE = (
    *("-backlog", "-late", "-gave-up", "-dropped", "-failed", "-stale", "api-5xx", "quarantined", "throttles"),
    *("merge-lag", "ledger-imbalance", "batch-not-started"),
)


def alarms(stage: Stage, now: datetime | None = None) -> Iterator[Finding]:
    """Give a finding for each alarm that is not OK, and one that counts those that are."""
    prefix = f"{SERVICE}-{stage.name}-"
    pages = stage.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    found = [alarm for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for alarm in page.get(kind, [])]
    yield from assess(found, prefix, now or datetime.now(UTC))


def assess(found: list[dict[str, Any]], prefix: str, now: datetime) -> Iterator[Finding]:
    """The findings for alarms as DescribeAlarms gives them."""
    if not found:
        yield Finding(AREA, "alarms", UNKNOWN, "This stage has no alarms.", "swipeline verify")
        return
    fine = 0
    for alarm in found:
        name = alarm["AlarmName"].removeprefix(prefix)
        since = duration((now - alarm["StateUpdatedTimestamp"]).total_seconds())
        if not alarm.get("ActionsEnabled", True):
            yield Finding(
                AREA, name, WARNING, "Its actions are disabled: it notifies nobody.", "swipeline verify", name
            )
        if alarm["StateValue"] == "OK":
            fine += 1
        elif alarm["StateValue"] == "ALARM":
            state = PROBLEM if name.endswith(SEVERE) else WARNING
            meaning = str(alarm.get("AlarmDescription", "")).partition(" No data")[0].partition(" Missing data")[0]
            yield Finding(AREA, name, state, f"Rings for {since}. {meaning}".strip(), runbook=name)
        else:
            yield Finding(AREA, name, UNKNOWN, f"No data for {since}.", runbook=name)
    yield Finding(AREA, "OK", OK if fine else UNKNOWN, f"{fine} of {len(found)} alarms are OK.")
