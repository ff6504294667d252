"""What the calls on alerts take and give, as pydantic models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fraud.verdict import MOST
from functions.query_transactions.models import AMOUNT, CARD_ID, MOMENT_OUT, TRANSACTION_ID, TransactionOut, pattern_of
from shared.transaction.kinds import UNSTORABLE

Status = Literal["open", "fraud", "genuine"]
FindingIn = Literal["fraud", "genuine", "open"]
FindingOut = Literal["fraud", "genuine"]
_LINE = {"pattern": f"^[^{UNSTORABLE}]*$"}  # checked by the service: pydantic's patterns differ

Score = Annotated[float, Field(ge=0, le=1)]


class VerdictIn(BaseModel):
    """What somebody found an alert to be. Card numbers in ``by`` and ``note`` are masked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Annotated[FindingIn, Field(description="Fraud, or a genuine purchase; open withdraws the last verdict.")]
    by: Annotated[
        str, Field(min_length=1, max_length=100, json_schema_extra=_LINE, description="Who says so: a name or an id.")
    ]
    note: Annotated[
        str, Field(max_length=500, json_schema_extra=_LINE, description="Why, in a line. It is not in the warehouse.")
    ] = ""


class VerdictOut(BaseModel):
    """A verdict that was given."""

    verdict: FindingOut
    by: str
    note: str
    at: Annotated[str, Field(pattern=MOMENT_OUT)]


class WithdrawalOut(BaseModel):
    """A withdrawal of the verdict before it: the alert is open again."""

    by: str
    note: str
    at: Annotated[str, Field(pattern=MOMENT_OUT)]


class AlertOut(BaseModel):
    """A transaction that the model found suspicious. ``alert_id`` is the transaction's id."""

    alert_id: Annotated[str, Field(pattern=TRANSACTION_ID)]
    alerted_at: Annotated[str, Field(pattern=MOMENT_OUT)]
    status: Annotated[Status, Field(description="The last verdict, or open.")]
    assigned_to: Annotated[str | None, Field(description="Who works on it; null: nobody yet.")] = None
    score: Score
    threshold: Score
    reasons: Annotated[list[str], Field(description="The weightiest first.")]
    model: Annotated[str, Field(description="The model's version.")]
    shadow_model: str | None
    shadow_score: Score | None
    occurred_at: Annotated[str, Field(pattern=MOMENT_OUT)]
    card_id: Annotated[str, Field(pattern=CARD_ID)]
    card_last4: Annotated[str, Field(pattern=pattern_of("card_last4"))]
    merchant_id: Annotated[str, Field(pattern=pattern_of("merchant_id"))]
    merchant: str
    category: str
    amount: Annotated[str, Field(pattern=AMOUNT, description="US dollars, as decimal text.")]
    verdicts: Annotated[list[VerdictOut], Field(max_length=MOST, description="The first one first; the last counts.")]
    withdrawals: Annotated[list[WithdrawalOut], Field(max_length=MOST, description="The first one first.")] = []


class AlertPage(BaseModel):
    """Alerts, the newest first. ``next_cursor`` is null at the end; a page before it may be the last."""

    alerts: list[AlertOut]
    next_cursor: str | None


class AlertWithTransaction(BaseModel):
    """An alert and its transaction, which is null for the moment until it is stored."""

    alert: AlertOut
    transaction: TransactionOut | None
