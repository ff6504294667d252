"""What benchmarks/cold_start.py compares with: a function that does nothing, with the three tools that ours have."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger(service="empty")
tracer = Tracer(service="empty", auto_patch=False)
metrics = Metrics(service="empty", namespace="Empty")


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do nothing."""
    return {}
