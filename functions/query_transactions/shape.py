"""Items of the tables as the API shows them: fields under their names, amounts as decimal text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from fraud.serving.alert_item import damage
from fraud.verdict import OPEN, verdicts
from shared.sinks.item import Item
from shared.telemetry import describe, logger
from shared.transaction.schema import FIELDS

UNREADABLE = (KeyError, ValueError, TypeError, ArithmeticError)


class DamagedItemError(ValueError):
    """An item that somebody changed. The message names what is wrong and no value: it may be logged."""


def dollars(number: str) -> str:
    """Give an amount its two decimals: DynamoDB drops zeros at the end, and may use an exponent."""
    if number[-3:-2] == ".":
        return number
    return f"{Decimal(number):.2f}"


# How an attribute becomes JSON, by the description's type.
_READ: dict[type, tuple[str, Callable[[Any], Any]]] = {
    str: ("S", str), bool: ("BOOL", bool), Decimal: ("N", dollars), float: ("N", float), int: ("N", int),
}  # fmt: skip
_COLUMNS = tuple((field.name, *_READ[field.type], field.default) for field in FIELDS)


def to_json(item: Item) -> dict[str, Any]:
    """Give a JSON object in the order of the schema; a field that the item lacks has its default.

    Raises one of UNREADABLE for an item that somebody changed.
    """
    return {name: read(item[name][tag]) if name in item else default for name, tag, read, default in _COLUMNS}


def shown(items: Iterable[Item], to: Callable[[Item], dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the items that can be read; of the others, which somebody changed, the log has the key."""
    rows: list[dict[str, Any]] = []
    for item in items:
        try:
            rows.append(to(item))
        except UNREADABLE as error:
            key = {name: item[name] for name in ("card_id", "time_id", "transaction_id") if name in item}
            reason = {"reason": str(error)} if isinstance(error, DamagedItemError) else {}
            logger.error("damaged item left out", extra=describe(error) | reason | {"item": key})
    return rows


def merchant_to_json(item: Item) -> dict[str, str]:
    """Give a merchant's entry."""
    return {"merchant": item["merchant"]["S"], "merchant_id": item["merchant_id"]["S"]}


def alert_to_json(item: Item) -> dict[str, Any]:
    """Give an alert: the transaction's id is its own; scores are numbers from 0 to 1; verdicts, the first one first.

    Raises DamagedItemError.
    """
    if reason := damage(item):
        raise DamagedItemError(reason)
    said = [verdict._asdict() for verdict in verdicts(item)]
    given = [one for one in said if one["verdict"] != OPEN]
    withdrawn = [{name: one[name] for name in ("by", "note", "at")} for one in said if one["verdict"] == OPEN]
    return {
        "alert_id": item["transaction_id"]["S"],
        "alerted_at": item["alerted_at"]["S"],
        "status": item["status"]["S"] if "status" in item else OPEN,
        "assigned_to": item["assigned_to"]["S"] if "assigned_to" in item else None,
        "score": float(item["score"]["N"]),
        "threshold": float(item["threshold"]["N"]),
        "reasons": [reason["S"] for reason in item["reasons"]["L"]],
        "model": item["model"]["S"],
        "shadow_model": item["shadow_model"]["S"] if "shadow_model" in item else None,
        "shadow_score": float(item["shadow_score"]["N"]) if "shadow_score" in item else None,
        "occurred_at": item["occurred_at"]["S"],
        "card_id": item["card_id"]["S"],
        "card_last4": item["card_last4"]["S"],
        "merchant_id": item["merchant_id"]["S"],
        "merchant": item["merchant"]["S"],
        "category": item["category"]["S"],
        "amount": dollars(item["amount"]["N"]),
        "verdicts": given,
        "withdrawals": withdrawn,
    }
