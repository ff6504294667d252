"""query-transactions: finds transactions, merchants and alerts; takes verdicts on alerts, and corrections."""

from __future__ import annotations

from functools import cache
from typing import Any

from fraud.serving.risks import RiskKeeper
from fraud.serving.verdicts import Verdicts
from functions.query_transactions.alert_service import AlertQueries
from functions.query_transactions.alerts import AlertReader
from functions.query_transactions.api import Api
from functions.query_transactions.corrections import Corrections
from functions.query_transactions.cursor import Cursors
from functions.query_transactions.reader import Reader
from functions.query_transactions.service import Queries
from shared import config
from shared.aws import client, read_items_plainly
from shared.card_keys.cache import CardKeyCache
from shared.http.callers import Callers
from shared.memory import tune_gc
from shared.sinks.firehose import DeliveryStream
from shared.stream.writer import Stream
from shared.telemetry import logger, metrics, observed


@cache
def api() -> Api:
    """Build the operations once per container."""
    settings = config.read(config.Query)
    dynamodb = read_items_plainly(client("dynamodb", read_timeout=3, attempts=3))
    reader = Reader(dynamodb, settings.table_name, settings.merchants_table_name)
    key = CardKeyCache(
        client("secretsmanager", read_timeout=2, attempts=2),
        settings.card_key_secret_arn,
        max_age_seconds=settings.card_key_max_age_seconds,
    )
    stream = DeliveryStream(client("firehose", read_timeout=2, attempts=1), settings.alert_delivery_name)
    risks = RiskKeeper(dynamodb, settings.profiles_table_name, settings.risk_table_name, settings.table_name)
    verdicts = Verdicts(dynamodb, settings.alerts_table_name, stream, risks)
    alerts = AlertQueries(AlertReader(dynamodb, settings.alerts_table_name), reader, verdicts, Cursors(key))
    callers = Callers(reader=settings.reader_api_key_id, reviewer=settings.reviewer_api_key_id)
    corrections = Corrections(reader, Stream(client("kinesis", read_timeout=2, attempts=1), settings.stream_name))
    made = Api(Queries(reader, key), alerts, corrections, callers)
    tune_gc()
    return made


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a proxy event of API Gateway. Neither parameters nor rows are logged."""
    request_id = (event.get("requestContext") or {}).get("requestId") or context.aws_request_id
    logger.append_keys(request_id=request_id)
    response, counts = api().respond(event, request_id, context)
    for name, value in counts.by_metric().items():
        metrics.add_metric(name=name, unit="Count", value=value)
    about = {"status": response["statusCode"], "read": counts.read, "given": counts.given}
    (logger.warning if response["statusCode"] >= 500 else logger.info)("answered", extra=about)
    return response
