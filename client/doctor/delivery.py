"""The way into the warehouse: how far behind Firehose is, and the deliveries that are not merged or were given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from client.aws import Stage
from client.doctor.finding import OK, PROBLEM, UNKNOWN, Finding, duration
from client.queues import messages
from client.verify.deployed import Deployed

AREA = "Deliveries and merges"
ERRORS = "swipeline logs delivery-errors"
LATEST = timedelta(minutes=10)


def deliveries(deployed: Deployed, now: datetime | None = None) -> Iterator[Finding]:
    """Give a finding for each delivery stream, for the queue of merges, and for the merges that were given up."""
    now, stage = now or datetime.now(UTC), deployed.stage
    for output in ("DeliveryStreamName", "AlertDeliveryStreamName"):
        name = stage.output(output)
        yield _delivery(stage, name, name.removeprefix(f"{deployed.stack}-"), now)
    queue = {"QueueName": f"{deployed.stack}-merges"}
    age = _last(stage, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue, "Maximum", now)
    given_up = messages(stage, "merges-given-up")
    yield merges(messages(stage, "merges"), age, 30 if stage.local else 900)
    if given_up:
        text = f"{given_up:,} deliveries were not loaded and merged within the time for it."
        yield Finding(AREA, "merges given up", PROBLEM, text, "swipeline quarantine redrive --yes", "merge-gave-up")
    else:
        yield Finding(AREA, "merges given up", OK, "None.")


def merges(waiting: int, age: float | None, late: float) -> Finding:
    """The finding for the queue of deliveries that are to be merged; `age` in seconds is of the oldest, if known."""
    if not waiting:
        return Finding(AREA, "merges", OK, "No delivery waits to be merged.")
    if age is None:
        return Finding(
            AREA, "merges", UNKNOWN, f"{waiting:,} deliveries wait; for how long is not known.", "", "merge-lag"
        )
    text = f"{waiting:,} deliveries wait to be merged, the oldest for {duration(age)}."
    if age > late:
        return Finding(AREA, "merges", PROBLEM, text, "swipeline logs merge-passes", "merge-lag", waiting)
    return Finding(AREA, "merges", OK, text, waiting=waiting)


def _delivery(stage: Stage, name: str, short: str, now: datetime) -> Finding:
    described = stage.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    status = described["DeliveryStreamDescription"]["DeliveryStreamStatus"]
    anchor = "copy-failed" if short == "to-warehouse" else "alert-copy-failed"
    if status != "ACTIVE":
        return Finding(AREA, short, PROBLEM, f"The delivery stream is {status}.", ERRORS, anchor)
    dimensions = {"DeliveryStreamName": name}
    success = _last(stage, "AWS/Firehose", "DeliveryToRedshift.Success", dimensions, "Average", now)
    behind = _last(stage, "AWS/Firehose", "KinesisMillisBehindLatest", dimensions, "Maximum", now)
    late = 30_000 if stage.local else 300_000
    if success is not None and success < 1:
        return Finding(AREA, short, PROBLEM, "Its last COPY failed.", ERRORS, anchor)
    if behind is not None and behind > late:
        text = f"It reads {duration(behind / 1000)} behind the stream."
        return Finding(AREA, short, PROBLEM, text, ERRORS, "delivery-late")
    if short == "to-warehouse" and behind is None:
        text = f"It has not read the stream for {duration(LATEST.total_seconds())}."
        return Finding(AREA, short, UNKNOWN, text, ERRORS, "delivery-late")
    copied = "its last COPY succeeded" if success is not None else "nothing to load lately"
    return Finding(AREA, short, OK, f"{status}, {copied}.")


def _last(
    stage: Stage, namespace: str, metric: str, dimensions: dict[str, str], statistic: str, now: datetime
) -> float | None:
    """The newest value of a metric within LATEST; None if there is none."""
    period = 10 if stage.local else 60
    query: dict[str, Any] = {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "StartTime": now - LATEST,
        "EndTime": now + timedelta(seconds=period),
        "Period": period,
        "Statistics": [statistic],
    }
    points = stage.client("cloudwatch").get_metric_statistics(**query)["Datapoints"]
    newest = max(points, key=lambda point: point["Timestamp"], default=None)
    return None if newest is None else float(newest[statistic])
