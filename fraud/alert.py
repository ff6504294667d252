"""An alert: a transaction that the model flags, in its forms for the table, warehouse and topic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from fraud.features import is_plain
from fraud.model import Model
from fraud.reasons import reasons
from fraud.scoring import Scored
from shared.transaction.schema import Transaction

DIGITS = 9  # of a score as it is stored
REASONS_BETWEEN = "; "


class Alert(NamedTuple):
    """An alert; its fields are the first columns of staging.alert_event, in order. It has neither name nor address.

    All of it follows from the transaction, the card's profile and the model, so a repeat makes the same alert.
    """

    transaction_id: str
    occurred_at: str
    card_id: str
    card_last4: str
    merchant_id: str
    category: str
    amount: Decimal
    score: Decimal  # 0 to 1
    threshold: Decimal  # in force; the score reaches it, unless only the shadow model flags the transaction
    reasons: str  # the weightiest first, joined by "; "
    model: str  # its version
    shadow_score: Decimal | None  # what the model in shadow mode says
    shadow_model: str | None
    is_alert: bool  # false: the shadow model alone flags it; kept for comparison, not notified
    alerted_at: str  # when the transaction's record arrived on the stream


class Flagged(NamedTuple):
    """An alert with the merchant's name, which the warehouse has already and a reader wants to see."""

    alert: Alert
    merchant: str
    plain: bool  # neither card nor amount explains it: if it is fraud, it says something of the merchant


def alerts(
    model: Model,
    shadow: Model | None,
    scored: Sequence[Scored],
    transactions: Sequence[Transaction],
    arrived: Sequence[str],
) -> list[Flagged]:
    """Give the alerts of a scored batch, in its order; ``arrived`` are UTC times in ISO form, one per transaction."""
    found: list[Flagged] = []
    for result, transaction, at in zip(scored, transactions, arrived, strict=True):
        by_shadow = shadow is not None and result.shadow is not None and result.shadow >= shadow.threshold
        if not result.alert and not by_shadow:
            continue
        found.append(
            Flagged(
                Alert(
                    transaction_id=transaction.transaction_id,
                    occurred_at=transaction.occurred_at,
                    card_id=transaction.card_id,
                    card_last4=transaction.card_last4,
                    merchant_id=transaction.merchant_id,
                    category=transaction.category,
                    amount=transaction.amount,
                    score=_decimal(result.score),
                    threshold=_decimal(result.threshold),
                    reasons=REASONS_BETWEEN.join(reasons(model, result.row, transaction)),
                    model=model.version,
                    shadow_score=None if result.shadow is None else _decimal(result.shadow),
                    shadow_model=shadow.version if shadow else None,
                    is_alert=result.alert,
                    alerted_at=at,
                ),
                transaction.merchant,
                is_plain(result.row),
            )
        )
    return found


def to_item(flagged: Flagged) -> dict[str, dict[str, Any]]:
    """Give the item of the alerts table; its indexes find the newest by ``time_id``, of a day, a card or a status."""
    alert = flagged.alert
    item: dict[str, dict[str, Any]] = {
        "transaction_id": {"S": alert.transaction_id},
        "day": {"S": alert.alerted_at[:10]},
        "time_id": {"S": f"{alert.alerted_at}#{alert.transaction_id}"},
        "merchant": {"S": flagged.merchant},
        "status": {"S": "open"},  # fraud/verdict.py
        "plain": {"BOOL": flagged.plain},
        "reasons": {"L": [{"S": reason} for reason in alert.reasons.split(REASONS_BETWEEN)]},
    }
    for name in ("occurred_at", "card_id", "card_last4", "merchant_id", "category", "model", "alerted_at"):
        item[name] = {"S": getattr(alert, name)}
    for name in ("amount", "score", "threshold"):
        item[name] = {"N": str(getattr(alert, name))}
    if alert.shadow_model:
        item["shadow_model"] = {"S": alert.shadow_model}
        item["shadow_score"] = {"N": str(alert.shadow_score)}
    return item


def to_line(alert: Alert) -> bytes:
    """Give the alert as a line of the alert stream: an object that COPY reads by its keys."""
    values = {name: str(value) if isinstance(value, Decimal) else value for name, value in alert._asdict().items()}
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def to_message(stage: str, flagged: Sequence[Flagged]) -> str:
    """The topic's message about a batch's alerts: enough to act on, and nothing of who the customer is."""
    return json.dumps(
        {
            "stage": stage,
            "alerts": [
                {
                    "transaction_id": alert.transaction_id,
                    "occurred_at": alert.occurred_at,
                    "card_last4": alert.card_last4,
                    "merchant": merchant,
                    "category": alert.category,
                    "amount": str(alert.amount),
                    "score": str(alert.score),
                    "threshold": str(alert.threshold),
                    "reasons": alert.reasons.split(REASONS_BETWEEN),
                    "model": alert.model,
                }
                for alert, merchant, _plain in flagged
            ],
        }
    )


def _decimal(score: float) -> Decimal:
    return Decimal(f"{score:.{DIGITS}f}")
