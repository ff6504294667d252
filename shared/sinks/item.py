"""A transaction as an item of the DynamoDB table, in the wire's own types, and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shared.transaction.codec import BadLine, decode_line, encode_line
from shared.transaction.schema import FIELDS, Field, Transaction

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


# A mark in the place of a content that does not count, where that has another key (another card or time) than the one
# that does: the line of that one. It has nothing that an index asks for, so no index has it.
SUPERSEDED = "superseded_by"


def mark(key: tuple[str, str], counts: Transaction) -> Item:
    """Give the mark for a key whose content is not the one that counts."""
    line = encode_line(counts).decode().rstrip()
    return {"card_id": {"S": key[0]}, "time_id": {"S": key[1]}, SUPERSEDED: {"S": line}}


def content_of(item: Item) -> Transaction:
    """Give the content that an item holds or, if it is a mark, the one that it names.

    Raises ValueError, which names the field, when it holds something that no transaction can: somebody changed it.
    """
    if SUPERSEDED in item:
        if "S" not in item[SUPERSEDED]:
            raise ValueError(f"{SUPERSEDED} is no text")
        found = decode_line(item[SUPERSEDED]["S"].encode())
        if isinstance(found, BadLine):
            raise ValueError(f"{SUPERSEDED}: {found.reason}")
        return found
    return Transaction._make([_value(item, field, tag) for field, (_, tag) in zip(FIELDS, _COLUMNS, strict=True)])


def _value(item: Item, field: Field, tag: str) -> Any:
    if field.name not in item:
        if field.nullable:
            return field.default
        raise ValueError(f"{field.name} is missing")
    ((found, value),) = item[field.name].items()
    if found != tag:
        raise ValueError(f"{field.name} has the type {found}, expected {tag}")
    if field.type is Decimal:
        exact = Decimal(value)
        if exact.adjusted() > _MOST_DIGITS:  # DynamoDB's numbers go up to 10^125
            raise ValueError(f"{field.name} is {value}, which no amount is")
        return exact.quantize(_CENT) if exact == round(exact, 2) else exact
    return int(Decimal(value)) if field.type is int else field.type(value)


_CENT = Decimal("0.01")
_MOST_DIGITS = 20
