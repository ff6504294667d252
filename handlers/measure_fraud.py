"""measure-fraud: once a day, the drift of features and scores, the precision of alerts, purchases of bad merchants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from fraud.model import load
from fraud.serving.measure import Measure, Measured, day_of
from fraud.serving.risks import RiskKeeper
from shared import config
from shared.aws import client
from shared.telemetry import logger, metrics, observed, one_metric


@cache
def measure() -> Measure:
    """Build the measure once per container."""
    settings = config.read(config.MeasureFraud)
    dynamodb = client("dynamodb", read_timeout=10, attempts=5)
    return Measure(dynamodb, load(), settings.drift_table_name, settings.alerts_table_name)


@cache
def risks() -> RiskKeeper:
    """Build the keeper of the merchants' purchases once per container."""
    settings = config.read(config.MeasureFraud)
    dynamodb = client("dynamodb", read_timeout=10, attempts=5)
    return RiskKeeper(dynamodb, settings.profiles_table_name, settings.risk_table_name, settings.table_name)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Measure yesterday, or the event's ``day``; publish, log and give what was found."""
    day = day_of(event, datetime.now(UTC))
    merchants = risks().recount((day - date(1970, 1, 1)).days)
    found = measure().of(day)
    publish(found)
    metrics.add_metric(name="RiskyMerchants", unit="Count", value=merchants)
    logger.info("fraud detection measured", extra={"measured": found.as_json()})
    return found.as_json()


def publish(found: Measured) -> None:
    """Publish what is known; too few rows or verdicts publish no index or precision, only how many there were."""
    metrics.add_metric(name="DriftRows", unit="Count", value=found.rows)
    metrics.add_metric(name="AlertsReviewed", unit="Count", value=found.reviewed.reviewed)
    if found.largest:
        metrics.add_metric(name="DriftLargest", unit="NoUnit", value=found.largest[1])
    if found.precision is not None:
        metrics.add_metric(name="VerdictPrecision", unit="NoUnit", value=found.precision)
    for name, index in found.indices.items():
        one_metric("DriftIndex", index, feature=name)
