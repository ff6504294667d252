"""The calls of query-transactions: their signatures are what Powertools checks requests against, and describes."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from functions.query_transactions.alert_routes import add_alert_routes
from functions.query_transactions.alert_service import AlertQueries
from functions.query_transactions.answers import about, answer, ok
from functions.query_transactions.correction_routes import add_correction_routes
from functions.query_transactions.corrections import Corrections
from functions.query_transactions.models import (
    CARD_ID,
    CURSOR,
    FROM,
    MOMENT,
    MOST,
    NEXT,
    ORDER,
    TO,
    TRANSACTION_ID,
    Health,
    MerchantPage,
    Order,
    Search,
    TransactionOut,
    TransactionPage,
)
from functions.query_transactions.refusal import RefusalError, bad, from_findings
from functions.query_transactions.service import Paging, Queries
from shared.errors import TransientError
from shared.http.callers import ASSIGNMENT, CORRECTION, VERDICT
from shared.transaction.kinds import UNSTORABLE

RETRY_AFTER_SECONDS = 2
# (path, method): what there is, for the answers 404 and 405. Tests compare it with the description.
METHODS = {
    "/transactions": ("GET", "POST"),  # POST is write-to-kinesis's
    "/transactions/search": ("POST",),
    "/transactions/{transaction_id}": ("GET",),
    CORRECTION: ("POST",),
    "/merchants": ("GET",),
    "/alerts": ("GET",),
    "/alerts/{alert_id}": ("GET",),
    VERDICT: ("POST",),
    ASSIGNMENT: ("POST",),
    "/health": ("GET",),
}
_NAME = {"pattern": f"^[^{UNSTORABLE}]+$"}  # checked by the service: pydantic's patterns differ

CardId = Annotated[str | None, Query(pattern=CARD_ID, description="Card ID.")]
MerchantName = Annotated[
    str | None,
    Query(
        min_length=1, max_length=200, json_schema_extra=_NAME, description="Of one merchant: its name, whole; with or "
        "without the data set's fraud_ prefix. Case and the width of white space make no difference."
    ),
]  # fmt: skip
From = Annotated[str | None, Query(alias="from", max_length=64, description=FROM, json_schema_extra=MOMENT)]
To = Annotated[str | None, Query(alias="to", max_length=64, description=TO, json_schema_extra=MOMENT)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Maximum number of items per page.")]
OrderBy = Annotated[Order, Query(description=ORDER)]
Cursor = Annotated[str | None, Query(pattern=CURSOR, max_length=1024, description=NEXT)]
Prefix = Annotated[
    str, Query(min_length=1, max_length=100, json_schema_extra=_NAME, description="Prefix of the name; ignores case.")
]
TransactionId = Annotated[
    str, Path(pattern=TRANSACTION_ID, description="Transaction ID, as returned by POST /transactions.")
]


def make_app(
    queries: Queries, alerts: AlertQueries, corrections: Corrections, request_id: Any
) -> APIGatewayRestResolver:
    """Make the resolver of these operations; ``request_id()`` gives the id of the request that is being answered."""
    app = APIGatewayRestResolver(enable_validation=True)
    # No route says what it returns: Powertools would check each answer against it, row by row. Tests do.

    @app.get("/transactions", **about("Transactions of a card or a merchant", TransactionPage))
    def list_transactions(
        card_id: CardId = None,
        merchant: MerchantName = None,
        begin: From = None,
        end: To = None,
        limit: Limit = 100,
        order: OrderBy = "newest",
        cursor: Cursor = None,
    ):
        """Exactly one of card_id and merchant is to be given. For a card number there is POST /transactions/search."""
        paging = Paging(begin, end, limit, order, cursor)
        if card_id is not None and merchant is None:
            return ok(queries.of_card(card_id, paging))
        if merchant is not None and card_id is None:
            return ok(queries.of_merchant(merchant, paging))
        raise bad("card_id", "or merchant must be given, and not both")

    @app.post("/transactions/search", **about("Transactions of a card number", TransactionPage, 413, 415))
    def search(body: Annotated[Search, Body(description="Card number, window and page.")]):
        """The card number is in the body, since addresses are written to logs."""
        paging = Paging(body.begin, body.end, body.limit, body.order, body.cursor)
        return ok(queries.of_card_number(body.card_number, paging))

    @app.get("/transactions/<transaction_id>", **about("One transaction", TransactionOut, 404, 409))
    def transaction(transaction_id: TransactionId):
        """Should a sender have used an id for several transactions, the earliest is given."""
        return ok(queries.transaction(transaction_id))

    add_correction_routes(app, corrections)

    @app.get("/merchants", **about("Merchants by the start of their name", MerchantPage))
    def merchants(prefix: Prefix, limit: Limit = 100, cursor: Cursor = None):
        """Every spelling that was seen is an entry of its own."""
        return ok(queries.merchants(prefix, limit, cursor))

    add_alert_routes(app, alerts)

    @app.get("/health", **about("Health check of the table", Health))
    def health():
        """Reads one item that is not there."""
        return ok(queries.health())

    @app.exception_handler(RefusalError)
    def refused(error: RefusalError) -> Response[str]:
        return answer(error.status, error.body(request_id()))

    @app.exception_handler(RequestValidationError)
    def invalid(error: RequestValidationError) -> Response[str]:
        return refused(from_findings(error.errors()))

    @app.not_found
    def not_found(_: Exception) -> Response[str]:
        return refused(RefusalError(404, "there is no such path"))

    @app.exception_handler(TransientError)
    def unavailable(_: TransientError) -> Response[str]:
        message = f"a store does not answer; send the request again after {RETRY_AFTER_SECONDS} s"
        return answer(
            503, {"message": message, "request_id": request_id()}, **{"Retry-After": str(RETRY_AFTER_SECONDS)}
        )

    return app
