"""A transaction as an item of the DynamoDB table, in the wire's own types."""

from __future__ import annotations

from typing import Any

from shared.transaction.schema import Transaction

Item = dict[str, dict[str, Any]]


def key_of(transaction: Transaction) -> tuple[str, str]:
    """Give the item's key (card_id, time_id): a replay meets the same item again.

    Card and time alone are no key: the data set has cards that pay twice in a second.
    """
    return transaction.card_id, f"{transaction.occurred_at}#{transaction.transaction_id}"


def merchant_bucket(merchant_id: str, month: str) -> str:
    """Give the key of the index merchant-time that holds a merchant's transactions of a month (2020-06)."""
    return f"{merchant_id}#{month}"


def to_item(t: Transaction) -> Item:
    """Give the item. Written out by hand: boto3's TypeSerializer takes ten times as long, and refuses floats."""
    item: Item = {
        "card_id": {"S": t.card_id},
        "time_id": {"S": f"{t.occurred_at}#{t.transaction_id}"},
        # By month, so that a merchant with many sales is not one ever-growing index partition.
        "merchant_bucket": {"S": merchant_bucket(t.merchant_id, t.occurred_at[:7])},
        "transaction_id": {"S": t.transaction_id},
        "occurred_at": {"S": t.occurred_at},
        "card_key_id": {"S": t.card_key_id},
        "card_last4": {"S": t.card_last4},
        "customer_id": {"S": t.customer_id},
        "merchant_id": {"S": t.merchant_id},
        "merchant": {"S": t.merchant},
        "category": {"S": t.category},
        "amount": {"N": str(t.amount)},
        "first_name": {"S": t.first_name},
        "last_name": {"S": t.last_name},
        "gender": {"S": t.gender},
        "street": {"S": t.street},
        "city": {"S": t.city},
        "state": {"S": t.state},
        "zip": {"S": t.zip},
        "latitude": {"N": repr(t.latitude)},
        "longitude": {"N": repr(t.longitude)},
        "city_population": {"N": str(t.city_population)},
        "job": {"S": t.job},
        "date_of_birth": {"S": t.date_of_birth},
        "merchant_latitude": {"N": repr(t.merchant_latitude)},
        "merchant_longitude": {"N": repr(t.merchant_longitude)},
    }
    if t.is_fraud is not None:
        item["is_fraud"] = {"BOOL": t.is_fraud}
    return item
