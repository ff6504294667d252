"""write-to-kinesis: takes transactions from the API, validates them row by row, puts the good ones on the stream."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.write_to_kinesis.answers import internal_error
from functions.write_to_kinesis.idempotency import Requests
from functions.write_to_kinesis.ingest import Ingest
from shared import config
from shared.aws import client
from shared.card_keys.cache import CardKeyCache
from shared.http.callers import Callers
from shared.memory import tune_gc
from shared.prepared import with_prepared_puts
from shared.retry import Budget, seconds_left
from shared.stream.writer import Stream
from shared.telemetry import describe, logger, metrics, observed, trace_header, tracer

# API Gateway gives up after 29 s; a sender should hear "not now" long before.
BUDGET_SECONDS = 8.0
RESERVE_SECONDS = 8.0  # a put in flight at the deadline (1.5 s to connect, 4 s to answer), and the answer


@cache
def ingest() -> Ingest:
    """Build the operation once per container."""
    settings = config.read(config.Ingest)
    # One attempt: Stream.put repeats only what was refused, which botocore cannot.
    kinesis = with_prepared_puts(client("kinesis", read_timeout=4, attempts=1, validate=False))
    dynamodb = client("dynamodb", read_timeout=2, attempts=2, validate=False)
    secrets = client("secretsmanager", read_timeout=2, attempts=2)
    requests = Requests(dynamodb, settings.requests_table_name)
    key = CardKeyCache(secrets, settings.card_key_secret_arn, max_age_seconds=settings.card_key_max_age_seconds)
    tune_gc()
    return Ingest(Stream(kinesis, settings.stream_name), requests, key, Callers(sender=settings.sender_api_key_id))


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a proxy event of API Gateway."""
    request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
    logger.append_keys(request_id=request_id)
    tracer.put_annotation("request_id", request_id)
    try:
        budget = Budget(seconds_left(context, RESERVE_SECONDS, BUDGET_SECONDS))
        answer = ingest().answer(event, request_id, budget, trace_header())
    except Exception as error:  # noqa: BLE001
        # API Gateway would turn a raised error into a 502 that names no request; the alarm watches this count.
        metrics.add_metric(name="InternalErrors", unit="Count", value=1)
        logger.error("unexpected error", extra=describe(error))
        return internal_error(request_id)
    level = logger.warning if answer.status == 503 or answer.requests_table_away else logger.info
    level("answered", extra=answer.about() | answer.ledger.publish(metrics, "write-to-kinesis"))
    if answer.rejections:
        logger.info("rows rejected", extra={"rejected_rows": answer.rejections})
    metrics.add_metric(name="Amount", unit="None", value=float(answer.amount))  # dollars
    return answer.response()
