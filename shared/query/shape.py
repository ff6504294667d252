"""An item of the table as the API shows it: the transaction's fields under their names, the amount as decimal text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_type_hints

from shared.item import Item
from shared.schema import Transaction

_TEXTS = tuple(name for name, kind in get_type_hints(Transaction).items() if kind is str)
_DEGREES = ("latitude", "longitude", "merchant_latitude", "merchant_longitude")


def to_json(item: Item) -> dict[str, Any]:
    """Give a JSON object in the order of the schema. DynamoDB drops trailing zeros of numbers; the amount gets them."""
    values: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS}
    values["amount"] = f"{Decimal(item['amount']['N']):.2f}"
    for name in _DEGREES:
        values[name] = float(item[name]["N"])
    values["city_population"] = int(item["city_population"]["N"])
    values["is_fraud"] = item["is_fraud"]["BOOL"] if "is_fraud" in item else None
    return {name: values[name] for name in Transaction._fields}


def merchant_to_json(item: Item) -> dict[str, str]:
    """Give a merchant's entry."""
    return {"merchant": item["merchant"]["S"], "merchant_id": item["merchant_id"]["S"]}
