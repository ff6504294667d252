"""Logs, traces and metrics of every function: JSON lines without payloads, one trace per invocation, EMF counts."""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePath
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from shared.aws import error_code
from shared.card_numbers.masking import mask, masked_error
from shared.transaction.trace import sampled_header

# Made by AWS or by us, never by a sender: some look like card numbers to a regular expression.
_SAFE_KEYS = frozenset(
    {
        "batch_id",
        "function_arn",
        "function_request_id",
        "records",
        "request_id",
        "sequence_range",
        "shard_id",
        "statement_id",
        "timestamp",
        "xray_trace_id",
    }
)


class MaskingFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, with card numbers masked in every value, whoever logged it."""

    def serialize(self, log: Any) -> str:
        """Serialise a log line."""
        return super().serialize({key: value if key in _SAFE_KEYS else mask(value) for key, value in log.items()})


_TRACE_DISABLED = os.environ.get("POWERTOOLS_TRACE_DISABLED", "true").lower() != "false"
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "swipeline")

logger = Logger(service=_SERVICE, logger_formatter=MaskingFormatter(utc=True, use_rfc3339=True))
# Not patched into botocore: one subsegment per BatchWriteItem, from eight threads, would fill a trace with noise.
tracer = Tracer(service=_SERVICE, auto_patch=False)
metrics = Metrics(service=_SERVICE, namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Swipeline"))


def observed(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Wrap a handler in all three. Neither event nor answer is ever logged or traced, whatever is configured."""

    @functools.wraps(function)
    def with_dimensions(event: Any, context: Any) -> Any:
        _set_dimensions(context.function_name, os.environ.get("STAGE", "unknown"))
        try:
            return function(event, context)
        except Exception as error:
            logger.error("failed", extra=describe(error))
            masked_error(error)  # Lambda prints it with its message
            raise

    traced = tracer.capture_lambda_handler(
        metrics.log_metrics(with_dimensions), capture_response=False, capture_error=False
    )
    return logger.inject_lambda_context(traced, log_event=False, clear_state=True)


@functools.cache
def _set_dimensions(function_name: str, stage: str) -> None:
    """Set the dimensions that all metrics of the container have; Powertools warns if they are set again."""
    metrics.set_default_dimensions(function_name=function_name, stage=stage)


def one_metric(name: str, value: float, **dimensions: str) -> None:
    """Publish a number without unit that has dimensions beside those of all metrics: an EMF line of its own."""
    common = {"service": _SERVICE, **metrics.default_dimensions}
    with single_metric(
        name, MetricUnit.NoUnit, value, namespace=metrics.namespace, default_dimensions=common
    ) as metric:
        for key, text in dimensions.items():
            metric.add_dimension(key, text)


def trace_header() -> str | None:
    """Give the header of this invocation's trace if it is sampled: Lambda sets it anew for each invocation."""
    return None if _TRACE_DISABLED else sampled_header(os.environ.get("_X_AMZN_TRACE_ID", ""))


def continue_trace(header: str, begin: datetime, end: datetime, **annotations: str) -> None:
    """Add a segment of this function to another invocation's trace: from ``begin`` (UTC) to ``end``.

    It goes to Lambda's X-Ray daemon, by UDP: nothing waits for it, and it may be lost.
    """
    if _TRACE_DISABLED:
        return
    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.core.models.segment import Segment

    root, parent, _ = (part.partition("=")[2] for part in header.split(";"))
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", _SERVICE)
    segment = Segment(name, traceid=root, parent_id=parent, sampled=True)
    segment.start_time = begin.timestamp()
    for key, value in annotations.items():
        segment.put_annotation(key, value)
    segment.close(end.timestamp())
    xray_recorder.emitter.send_entity(segment)


def describe(error: BaseException) -> dict[str, Any]:
    """Give what may be logged of an error: its kind and where it rose. Its message may quote what it choked on."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": error_code(error),
        "raised_at": [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }
