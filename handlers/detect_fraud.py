"""detect-fraud: scores the transactions of the stream against their cards' profiles, and raises alerts."""

from __future__ import annotations

from functools import cache
from typing import Any

from fraud.model import SHIPPED, load
from fraud.serving.alerts import Alerts, Topic
from fraud.serving.damage import Damage
from fraud.serving.detector import Detector
from fraud.serving.drift import DriftCounts
from fraud.serving.profiles import Profiles
from fraud.serving.risks import Risks
from shared import config
from shared.aws import client
from shared.memory import tune_gc
from shared.retry import Budget, seconds_left
from shared.sinks import report
from shared.sinks.bucket import Bucket
from shared.sinks.conditional import THREADS, ConditionalWriter
from shared.sinks.consumer import read_batch
from shared.sinks.firehose import DeliveryStream
from shared.telemetry import metrics, observed

BUDGET_SECONDS = 60.0
RESERVE_SECONDS = 10.0


@cache
def detector() -> Detector:
    """Build the detector once per container."""
    settings = config.read(config.Detect)
    shadow = load(SHIPPED.with_name(f"{settings.shadow_model}.json")) if settings.shadow_model else None
    dynamodb = client("dynamodb", read_timeout=5, attempts=1, connections=THREADS, validate=False)
    topic = Topic(client("sns", read_timeout=5, attempts=3), settings.alert_topic_arn, settings.stage)
    stream = DeliveryStream(client("firehose", read_timeout=5, attempts=1), settings.alert_delivery_name)
    alerts = Alerts(ConditionalWriter(dynamodb, settings.alerts_table_name), stream, topic)
    profiles, drift = Profiles(dynamodb, settings.profiles_table_name), DriftCounts(dynamodb, settings.drift_table_name)
    damage = Damage(Bucket(client("s3", read_timeout=10, attempts=3), settings.quarantine_bucket))
    risks = Risks(dynamodb, settings.risk_table_name)
    tune_gc()
    return Detector(load(), shadow, profiles, alerts, drift, damage, risks)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Score a Kinesis batch; report the lowest sequence number not scored. write-to-s3 keeps the bad lines."""
    batch = read_batch(event)
    report.begin(batch)
    budget = Budget(seconds_left(context, RESERVE_SECONDS, BUDGET_SECONDS))
    outcome = detector().run(batch.lines, budget, redriven=event.get("redriven") is True)
    ledger = report.ledger_of(batch)
    ledger.written, ledger.duplicates, ledger.retried = outcome.scored, outcome.skipped, outcome.retried
    if outcome.failed:
        ledger.failed = ledger.accepted - ledger.written - ledger.duplicates
    for name, value in (found := outcome.findings()).items():
        metrics.add_metric(name=name.capitalize(), unit="Count", value=value)
    return report.end("detect-fraud", batch, ledger, outcome.failed, "batch scored", warn=outcome.restarts, **found)
