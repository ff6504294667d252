"""check-delivery: filters what Firehose delivers to the warehouse; quarantines what is not an alert."""

from __future__ import annotations

from functools import cache
from typing import Any

from fraud.serving.alert_line import decode_alert
from shared import config
from shared.aws import client
from shared.sinks import quarantine
from shared.sinks.bucket import THREADS, Bucket
from shared.sinks.delivery import check
from shared.telemetry import logger, metrics, observed
from shared.transaction.codec import decode_line

FUNCTION = "check-delivery"


@cache
def stage() -> tuple[str, Bucket]:
    """Give the name of the alert stream, and the quarantine, built once per container."""
    settings = config.read(config.CheckDelivery)
    s3 = client("s3", read_timeout=10, attempts=3, connections=THREADS)
    return settings.alert_stream_name, Bucket(s3, settings.quarantine_bucket)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Check the records of a delivery; raise when bad alerts cannot be set aside, so that Firehose asks again.

    Transactions that are left out are in quarantine already: write-to-s3 reads every record of that stream.
    """
    alert_stream, bucket = stage()
    of_alerts = event["sourceKinesisStreamArn"].rsplit("/", 1)[-1] == alert_stream
    checked = check(event["records"], decode_alert if of_alerts else decode_line)
    if of_alerts:
        quarantine.set_aside(bucket, FUNCTION, checked.unreadable)
        for described in quarantine.describe(checked.unreadable):
            logger.warning("lines quarantined", extra={"quarantined_lines": described})
        metrics.add_metric(name="Quarantined", unit="Count", value=len(checked.unreadable))
    metrics.add_metric(name="Passed", unit="Count", value=checked.passed)
    metrics.add_metric(name="LeftOut", unit="Count", value=len(checked.unreadable))
    return {"records": checked.records}
