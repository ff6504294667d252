"""A sender's row becomes a Transaction: checked, canonical, and without its card number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from shared.card_keys.ring import CardKeys
from shared.errors import RejectedError
from shared.transaction.engine import ROW
from shared.transaction.explain import contradictions, explain
from shared.transaction.ids import card_id, content_id, customer_id, merchant_id
from shared.transaction.schema import FIELDS, Transaction

_WHO = itemgetter("first_name", "last_name", "gender", "date_of_birth", "street", "zip")
_identifying = itemgetter(*(field.name for field in FIELDS if field.in_id))
_in_order = itemgetter(*Transaction._fields)


def parse_transaction(raw: Mapping[str, Any], card_keys: CardKeys, now: datetime | None = None) -> Transaction:
    """Turn a row into a Transaction. Equal rows give equal Transactions, whatever format they arrived in.

    Parameters
    ----------
    raw
        Column -> value: text (from CSV), or JSON values with numbers as int or Decimal.
    card_keys
        The stage's keys for card and customer ids.
    now
        The moment against which dates of birth are checked; by default the clock.

    Raises
    ------
    RejectedError
        With every finding of the row in ``errors``, as (column, reason).
    """
    parsed = parse_many((raw,), card_keys, now)[0]
    if isinstance(parsed, RejectedError):
        raise parsed
    return parsed


def parse_many(
    rows: Iterable[Mapping[str, Any]], card_keys: CardKeys, now: datetime | None = None
) -> list[Transaction | RejectedError]:
    """Turn rows into Transactions, each on its own: a bad row becomes its RejectedError, in the row's place."""
    today = (now or datetime.now(UTC)).astimezone(UTC).date().isoformat()
    return [_parse(row, card_keys, today) for row in rows]


def _parse(raw: Mapping[str, Any], card_keys: CardKeys, today: str) -> Transaction | RejectedError:
    try:
        values = ROW.validate_python(raw)
    except ValueError:  # pydantic's, or Python's of a number beyond its limits
        found = explain(raw, today)
    else:
        found = contradictions(values, today)
        if not found:
            return _transaction(values, card_keys)
    return RejectedError.of(found)  # outside of except: a traceback must not show the row


def _transaction(values: dict[str, Any], card_keys: CardKeys) -> Transaction:
    number, key = values["card_id"], card_keys.at(values["occurred_at"])
    values["card_id"], values["card_key_id"], values["card_last4"] = card_id(key.secret, number), key.id, number[-4:]
    values["customer_id"] = customer_id(card_keys.anchor, *_WHO(values))
    values["merchant_id"] = merchant_id(values["merchant"])
    # Not of the label, which may become known later, nor of what changes with the card key: customer and digits do.
    values["transaction_id"] = values["transaction_id"] or content_id(*map(str, _identifying(values)))
    return Transaction._make(_in_order(values))
