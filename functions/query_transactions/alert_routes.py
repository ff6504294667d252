"""The calls on alerts: a list, one with its transaction, and the verdict on one."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from functions.query_transactions.alert_models import AlertOut, AlertPage, AlertWithTransaction, Status, VerdictIn
from functions.query_transactions.alert_service import WITHOUT_BOUNDS, AlertList, AlertQueries
from functions.query_transactions.answers import about, ok
from functions.query_transactions.models import CARD_ID, CURSOR, MOMENT, MOST, NEXT, TRANSACTION_ID

OfCard = Annotated[str | None, Query(pattern=CARD_ID, description="Of one card: its card_id.")]
OfStatus = Annotated[Status | None, Query(description="Of one status: open, or the last verdict.")]
Since = Annotated[
    str | None,
    Query(
        alias="from", max_length=64, json_schema_extra=MOMENT,
        description=f"Alerted from this day or time on, in UTC where it has no zone. {WITHOUT_BOUNDS}",
    ),
]  # fmt: skip
Until = Annotated[
    str | None,
    Query(
        alias="to", max_length=64, json_schema_extra=MOMENT,
        description="Alerted until just before this day or time. Without: to the last.",
    ),
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many on a page.")]
Cursor = Annotated[str | None, Query(pattern=CURSOR, max_length=1024, description=NEXT)]
AlertId = Annotated[str, Path(pattern=TRANSACTION_ID, description="Of the alert: its transaction's id.")]


def add_alert_routes(app: APIGatewayRestResolver, queries: AlertQueries) -> None:
    """Add the calls to a resolver."""

    @app.get("/alerts", **about("Alerts, the newest first", AlertPage))
    def list_alerts(
        card_id: OfCard = None,
        status: OfStatus = None,
        begin: Since = None,
        end: Until = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ):
        """By the time at which they were raised, which is not the transaction's own."""
        return ok(queries.list(AlertList(card_id, status, begin, end, limit, cursor)))

    @app.get("/alerts/<alert_id>", **about("One alert, with its transaction", AlertWithTransaction, 404))
    def one_alert(alert_id: AlertId):
        """As the last verdict left it."""
        return ok(queries.one(alert_id))

    @app.post("/alerts/<alert_id>/verdict", **about("The verdict on an alert", AlertOut, 404, 409, 413, 415))
    def judge(alert_id: AlertId, body: Annotated[VerdictIn, Body(description="The finding, and whose it is.")]):
        """With the reviewers' key. The last verdict counts, all are kept; the same again changes nothing."""
        return ok(queries.judge(alert_id, body.verdict, body.by, body.note))
