"""The call that corrects a transaction: what it takes and gives."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from functions.query_transactions.answers import about, ok
from functions.query_transactions.corrections import Corrections
from functions.query_transactions.models import MOMENT_OUT, TRANSACTION_ID
from shared.transaction.correction import MOST_BY
from shared.transaction.kinds import UNSTORABLE

_LINE = {"pattern": f"^[^{UNSTORABLE}]*$"}  # checked by the service: pydantic's patterns differ
_Number = str | int | float  # as senders may write it; the schema's own rules check it


class ChangesIn(BaseModel):
    """The columns to change, with values as senders write them. The card and the time cannot be corrected."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amt: Annotated[_Number | None, Field(description="US dollars, e.g. 12.50.")] = None
    merchant: Annotated[str | None, Field(description="Merchant's name.")] = None
    category: Annotated[str | None, Field(description="Merchant's category.")] = None
    merch_lat: Annotated[_Number | None, Field(description="Merchant's latitude.")] = None
    merch_long: Annotated[_Number | None, Field(description="Merchant's longitude.")] = None
    is_fraud: Annotated[bool | int | str | None, Field(description="The label: a late one, or a chargeback.")] = None


class CorrectionIn(BaseModel):
    """A correction. A card number in ``by`` is masked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    changes: Annotated[ChangesIn, Field(description="At least one column.")]
    by: Annotated[
        str, Field(min_length=1, max_length=MOST_BY, json_schema_extra=_LINE, description="Who corrects: a name or ID.")
    ]
    at: Annotated[
        str | None,
        Field(
            max_length=64,
            json_schema_extra={"format": "date-time"},
            description="When it was decided. The latest correction counts; the same one again changes nothing. "
            "Default: now.",
        ),
    ] = None


class CorrectionOut(BaseModel):
    """A correction that is on its way to every store; ``fields`` is empty if the transaction has these values."""

    transaction_id: Annotated[str, Field(pattern=TRANSACTION_ID)]
    fields: Annotated[list[str], Field(description="Fields that change.")]
    corrected_at: Annotated[str | None, Field(pattern=MOMENT_OUT)]
    corrected_by: str | None


def add_correction_routes(app: APIGatewayRestResolver, corrections: Corrections) -> None:
    """Add the call to a resolver."""

    @app.post(
        "/transactions/<transaction_id>/corrections",
        **about("Correct a transaction", CorrectionOut, 404, 409, 413, 415),
    )
    def correct(
        transaction_id: Annotated[str, Path(pattern=TRANSACTION_ID, description="Transaction ID.")],
        body: Annotated[CorrectionIn, Body(description="Changes, and who makes them.")],
    ):
        """With the reviewers' key. It reaches every store within the usual freshness, in the order of the card.

        A second correction within seconds is made of the content before the first one, and replaces it.
        """
        changes = body.changes.model_dump(exclude_unset=True)
        return ok(corrections.correct(transaction_id, changes, body.by, body.at))
