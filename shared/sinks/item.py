"""A transaction as an item of the DynamoDB table, in the wire's own types."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shared.transaction.schema import FIELDS, Transaction

Item = dict[str, dict[str, Any]]


def key_of(transaction: Transaction) -> tuple[str, str]:
    """Give the item's key (card_id, time_id): a replay meets the same item again.

    Card and time alone are no key: the data set has cards that pay twice in a second.
    """
    return transaction.card_id, f"{transaction.occurred_at}#{transaction.transaction_id}"


def merchant_bucket(merchant_id: str, month: str) -> str:
    """Give the key of the index merchant-time that holds a merchant's transactions of a month (2020-06)."""
    return f"{merchant_id}#{month}"


# DynamoDB's type of a value, by the description's; numbers travel as text.
_TAGS = {str: "S", bool: "BOOL", Decimal: "N", float: "N", int: "N"}
_COLUMNS = tuple((field.name, _TAGS[field.type]) for field in FIELDS)


def to_item(t: Transaction) -> Item:
    """Give the item; a field without a value has no attribute.

    boto3's TypeSerializer takes ten times as long, and refuses floats.
    """
    item: Item = {
        "time_id": {"S": f"{t.occurred_at}#{t.transaction_id}"},
        # By month, so that a merchant with many sales is not one ever-growing index partition.
        "merchant_bucket": {"S": merchant_bucket(t.merchant_id, t.occurred_at[:7])},
    }
    for (name, tag), value in zip(_COLUMNS, t, strict=True):
        if value is not None:
            item[name] = {tag: str(value) if tag == "N" else value}
    return item
