"""Which parameters would make a stage cheaper at its rate, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from client.cost.assumptions import Assumptions
from client.cost.model import bill
from client.cost.moving import stream_load

LEAST_DOLLARS = 0.5  # a month: below, a change is not worth its deploy
ESSENTIAL_ALARMS = 15  # metrics of `alarms: essential`


class Advice(NamedTuple):
    """A parameter to change, the dollars a month that saves, and what it costs besides."""

    parameter: str
    saves: float
    but: str


def advise(usage: Mapping[str, Any], prices: Mapping[str, Any], rate: float, given: Assumptions) -> list[Advice]:
    """The changes that save at least LEAST_DOLLARS a month at this rate and shape, each by itself; largest first."""
    now = bill(usage, prices, rate, given).month
    found = [
        Advice(parameter, now - bill(usage, prices, rate, other).month, but)
        for parameter, other, but in _alternatives(usage, rate, given)
    ]
    return sorted((one for one in found if one.saves >= LEAST_DOLLARS), key=lambda one: -one.saves)


def _alternatives(usage: Mapping[str, Any], rate: float, given: Assumptions) -> list[tuple[str, Assumptions, str]]:
    others = [
        _tables(given),
        _stream(usage, rate, given),
        *(
            (
                f"deliveryBufferSeconds={seconds}",
                replace(given, buffer_seconds=seconds, buffer_mib=max(64, given.buffer_mib)),
                f"rows are in the warehouse up to {seconds} s later",
            )
            for seconds in (300, 900)
            if seconds > given.buffer_seconds
        ),
        ("alertBufferSeconds=900", replace(given, alert_buffer_seconds=900), "alerts are in the warehouse later"),
        ("alarms=essential", replace(given, alarm_metrics=_alarms(given)), "fewer alarms name the cause"),
        ("dashboards=none", replace(given, dashboards=0), "`swipeline console` shows alarms, logs and traces"),
        ("keys=aws", replace(given, kms_keys=0), "no key of your own to switch the secrets off with"),
    ]
    return [other for other in others if other[1] != given]


def _tables(given: Assumptions) -> tuple[str, Assumptions, str]:
    if given.tables_provisioned:
        return (
            "tableMode=PAY_PER_REQUEST",
            replace(given, tables_provisioned=False, table_write_units=0, table_read_units=0),
            "nothing: it takes any burst",
        )
    # Five of each by resources/stages.yml, for two tables and two indexes.
    changed = replace(given, tables_provisioned=True, table_write_units=20, table_read_units=20)
    return "tableMode=PROVISIONED", changed, "a burst is throttled and retried for minutes, until the capacity follows"


def _stream(usage: Mapping[str, Any], rate: float, given: Assumptions) -> tuple[str, Assumptions, str]:
    if not given.on_demand:
        return "streamMode=ON_DEMAND", replace(given, on_demand=True), "nothing: it takes any burst"
    shards = stream_load(usage, given.fan_out).shards(given.shape.busy_rate(rate))
    changed = replace(given, on_demand=False, shards=shards)
    return (
        f"streamMode=PROVISIONED, streamShards={shards}",
        changed,
        "more than that is refused, and retried by senders",
    )


def _alarms(given: Assumptions) -> int | None:
    return None if given.alarm_metrics is None else min(given.alarm_metrics, ESSENTIAL_ALARMS)
