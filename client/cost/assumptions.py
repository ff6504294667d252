"""What a bill assumes of a stage: its template's sizes and counts, and what no run of the embedded AWS can measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from client.cost.shape import STEADY, Shape
from client.cost.template import Inventory

DAY_HOURS = 24  # of retention, in the price of a stream
# Of a delivery: COPY, the wait for the merge (mergeDelaySeconds, mergeWindowSeconds), merge and marts. Redshift bills
# each second in which a statement runs, a minute at least: https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html
AWAKE_SECONDS = 75.0
MERGE_SECONDS = 20.0  # of merge-warehouse, per delivery


@dataclass(frozen=True)
class Assumptions:
    """A stage; the defaults are those of dev."""

    shape: Shape = STEADY
    on_demand: bool = False  # the stream's mode
    shards: int = 1  # of the template, if provisioned
    retention_hours: int = 24
    fan_out: int = 0  # consumers with enhanced fan-out
    tables_provisioned: bool = False
    table_write_units: int = 0  # the least of the provisioned tables and indexes, together; paid whether used or not
    table_read_units: int = 0
    table_utilization: float = 0.7  # that auto scaling aims at
    rpu: int = 8  # Redshift Serverless's base capacity
    buffer_seconds: int = 300  # of the delivery of transactions
    buffer_mib: int = 64
    alert_buffer_seconds: int = 900
    awake_seconds: float = AWAKE_SECONDS
    merge_seconds: float = MERGE_SECONDS
    batch_runs: int = 0  # of the nightly schedule, a month; a crawler for 10 minutes, 2 workers for 3
    queues_polled: int = 1  # by event source mappings
    daily_runs: int = 2  # of functions
    dashboards: int = 0
    secrets: int = 3
    alarm_metrics: int | None = None  # each metric of a math expression; None: the alarms of the measured run
    kms_keys: int = 0
    public_ipv4: int = 3
    firewall_rules: int = 0
    transfer_out: bool = True  # senders are outside of AWS
    cards: int | None = None  # that pay, all as often; None: the profiles are written as often as in the measured run
    detect_seconds: float = 2.0  # the window of detect-fraud's batches, in which a card's profile is written once


def assume(found: Inventory, **given: Any) -> Assumptions:
    """The assumptions that a stage's template makes; ``given`` ones go before them."""
    of_template: dict[str, Any] = {
        "on_demand": found.on_demand,
        "shards": max((stream.shards or 0 for stream in found.streams), default=1) or 1,
        "retention_hours": max((stream.retention_hours for stream in found.streams), default=DAY_HOURS),
        **{name: value for name in _SIZES if (value := getattr(found, name))},
        **{name: getattr(found, name) for name in _COUNTED},
    }
    return Assumptions(**(of_template | given))


_SIZES = ("rpu", "buffer_seconds", "buffer_mib", "alert_buffer_seconds", "table_utilization")
_COUNTED = (
    *("alarm_metrics", "dashboards", "kms_keys", "secrets", "public_ipv4", "firewall_rules", "fan_out", "batch_runs"),
    *("queues_polled", "daily_runs", "tables_provisioned", "table_write_units", "table_read_units"),
)
