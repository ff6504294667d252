"""The calls on alerts: a list, one with its transaction, the verdict on one, and who works on it."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from functions.query_transactions.alert_models import (
    AlertOut,
    AlertPage,
    AlertWithTransaction,
    AssignmentIn,
    Status,
    VerdictIn,
)
from functions.query_transactions.alert_service import WITHOUT_BOUNDS, AlertList, AlertQueries
from functions.query_transactions.answers import about, ok
from functions.query_transactions.models import CARD_ID, CURSOR, MOMENT, MOST, NEXT, TRANSACTION_ID

OfCard = Annotated[str | None, Query(pattern=CARD_ID, description="Card ID.")]
OfStatus = Annotated[Status | None, Query(description="Status: open, or the last verdict.")]
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
        description="End of the alert-time window (excluded). Default: the last alert.",
    ),
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=MOST, description="Maximum number of items per page.")]
Cursor = Annotated[str | None, Query(pattern=CURSOR, max_length=1024, description=NEXT)]
AlertId = Annotated[str, Path(pattern=TRANSACTION_ID, description="Alert ID: the transaction ID.")]


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

    @app.get("/alerts/<alert_id>", **about("One alert, with its transaction", AlertWithTransaction, 404, 409))
    def one_alert(alert_id: AlertId):
        """As the last verdict left it."""
        return ok(queries.one(alert_id))

    @app.post("/alerts/<alert_id>/verdict", **about("The verdict on an alert", AlertOut, 404, 409, 413, 415))
    def give_verdict(alert_id: AlertId, body: Annotated[VerdictIn, Body(description="Outcome, reviewer and note.")]):
        """With the reviewers' key. The last verdict counts, all are kept; the same again changes nothing."""
        return ok(queries.give_verdict(alert_id, body.verdict, body.by, body.note))

    @app.post("/alerts/<alert_id>/assignment", **about("Assign an alert", AlertOut, 404, 409, 413, 415))
    def assign(alert_id: AlertId, body: Annotated[AssignmentIn, Body(description="Who works on the alert.")]):
        """With the reviewers' key. The last assignment counts; an empty name removes it."""
        return ok(queries.assign(alert_id, body.to))
