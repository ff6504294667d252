"""What the time costs in which transactions come, however many: the warehouse that each delivery wakes, the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from client.cost.assumptions import Assumptions
from client.cost.line import Line, is_ours
from client.cost.moving import stream_load
from client.cost.shape import HOURS

MIB = 1024 * 1024
STATEMENTS_PER_MERGE = 4  # look at the loads and at staging, merge, look at the marts: each reads the login


def deliveries_per_hour(usage: Mapping[str, Any], rate: float, given: Assumptions) -> tuple[float, float]:
    """Deliveries of transactions and of alerts in a busy hour: a buffer is let go when it is full, or in time."""
    busy = given.shape.busy_rate(rate)
    by_size = busy * stream_load(usage).bytes * 3600 / (given.buffer_mib * MIB)
    transactions = min(busy * 3600, max(3600 / given.buffer_seconds, by_size))
    alerts = usage["streams"].get("alerts", {}).get("records", 0) / usage["transactions"]
    return transactions, min(busy * alerts * 3600, 3600 / given.alert_buffer_seconds)


def awake(usage: Mapping[str, Any], price: Mapping[str, float], rate: float, given: Assumptions) -> Iterator[Line]:
    """The lines; the baseline loads without a buffer, and keeps its warehouse awake."""
    busy = given.shape.busy_hours
    count = sum(deliveries_per_hour(usage, rate, given)) if is_ours(usage) else 3600.0
    hours = busy * min(1.0, count * given.awake_seconds / 3600) if rate else 0.0
    rpu = given.rpu * hours * price["redshift_rpu_hour"]
    yield Line("Redshift Serverless", f"{given.rpu} RPU, {hours:,.0f} hours", awake=rpu)
    if not rate:
        return
    metrics = usage["metrics"] * price["metric_month"] * busy / HOURS  # billed by the hour in which they are published
    yield Line("CloudWatch", f"{usage['metrics']} metrics", awake=metrics)
    if not is_ours(usage):
        return
    merges = busy * count
    seconds = given.merge_seconds * 0.5 * price["lambda_gb_second"]
    yield Line("Lambda", "merge-warehouse", awake=merges * (price["lambda_request"] + seconds))
    reads = merges * STATEMENTS_PER_MERGE * (price["secret_read"] + price["kms_request"])
    yield Line("Secrets Manager", "reads by the Data API", awake=reads)
