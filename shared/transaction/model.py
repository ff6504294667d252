"""A sender's row becomes a Transaction: checked, canonical, and without its card number."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import gt, itemgetter
from time import time
from typing import Any

from shared.errors import RejectedError
from shared.transaction.card_keys import CardKeys
from shared.transaction.cards import holds_card_number, holds_number, plain, was_rounded
from shared.transaction.explain import explain
from shared.transaction.forms import TEXT_COLUMNS, TEXT_LIMITS, fraud_label, is_usual
from shared.transaction.ids import card_id, content_id, customer_id, merchant_id, merchant_name
from shared.transaction.moments import utc
from shared.transaction.schema import FIELDS, IGNORED_SOURCES, MAX_INTEGER, REQUIRED_SOURCES, Transaction

_KNOWN = frozenset(field.source for field in FIELDS if field.source) | IGNORED_SOURCES
_CENT = Decimal("0.01")
_SHORTEST_LIMIT = min(TEXT_LIMITS)
_texts_of = itemgetter(*TEXT_COLUMNS)
_LAST4 = Transaction._fields.index("card_last4")


class _RefusedError(ValueError):
    """A value is well formed but means nothing we take; :mod:`shared.transaction.explain` says which and why."""


class _MalformedError(ValueError):
    """The model refuses values of these columns."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__(*columns)
        self.columns = columns


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
    today = _day(int(time() // 86400)) if now is None else now.astimezone(UTC).date().isoformat()
    return [_parse(row, card_keys, today) for row in rows]


def _parse(raw: Mapping[str, Any], card_keys: CardKeys, today: str) -> Transaction | RejectedError:
    if type(raw) is not dict and not isinstance(raw, Mapping):
        return RejectedError.of(explain(raw, today))
    malformed: tuple[str, ...] = ()
    try:
        usual = is_usual(raw)
        row = raw if usual else _checked(raw)
        if _are_known(tuple(raw)):
            return _canonical(row, usual, card_keys, today)
    except _MalformedError as error:
        malformed = error.columns
    except (ValueError, OverflowError):  # _RefusedError, a day that does not exist, a time beyond the calendar
        pass
    return RejectedError.of(explain(raw, today, malformed))


def _checked(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values as the model reads them, or raise _MalformedError; ValueError on a number beyond Python."""
    # Imported for the first row that needs it: a function whose rows are all of the usual form starts in half the time.
    from pydantic import ValidationError

    from shared.transaction.row import TransactionIn

    try:
        return TransactionIn.model_validate(raw if type(raw) is dict else dict(raw)).__dict__
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise _MalformedError(tuple(str(finding["loc"][0]) for finding in found)) from None


def _canonical(row: Mapping[str, Any], usual: bool, card_keys: CardKeys, today: str) -> Transaction:
    """Check what the values mean, in the order of their cost, and bring each into its one form."""
    texts: Sequence[str] = _texts_of(row)
    joined = "\n".join(texts)
    if not joined.isascii():
        texts = [unicodedata.normalize("NFC", text) for text in texts]
    merchant, category, first, last, street, city, job = texts
    merchant = merchant_name(merchant)
    if not merchant or (not usual and max(map(len, texts)) > _SHORTEST_LIMIT and _are_too_long(merchant, *texts[1:])):
        raise _RefusedError

    number, trans_num = plain(row["cc_num"]), row.get("trans_num")
    if was_rounded(number) or holds_card_number(joined, number) or (trans_num and holds_number(trans_num, number)):
        raise _RefusedError

    occurred_at, born = utc(row["trans_date_trans_time"]), row["dob"]
    if born > today or born > occurred_at[:10]:
        raise _RefusedError
    date.fromisoformat(born)

    population, amount = int(row["city_pop"]), Decimal(row["amt"])
    if population > MAX_INTEGER:
        raise _RefusedError
    if row["amt"][-3:-2] != ".":
        amount = amount.quantize(_CENT)
    is_fraud = fraud_label(row.get("is_fraud"))
    degrees = _degrees if usual else _rounded_degrees
    latitude, longitude = degrees(row["lat"], 90), degrees(row["long"], 180)
    merchant_latitude, merchant_longitude = degrees(row["merch_lat"], 90), degrees(row["merch_long"], 180)

    gender, state, zip_code = row["gender"], row["state"].upper(), row["zip"]
    if len(zip_code) != 5:  # a spreadsheet took the leading zeros of "02138", or it is a ZIP+4
        zip_code = zip_code[:5].zfill(5)
    key = card_keys.at(occurred_at)
    customer = customer_id(card_keys.anchor, first, last, gender, born, street, zip_code)
    transaction = Transaction(
        trans_num or "", occurred_at, card_id(key.secret, number), key.id, number[-4:], customer, merchant_id(merchant),
        merchant, category, amount, first, last, gender, street, city, state, zip_code,
        latitude, longitude, population, job, born, merchant_latitude, merchant_longitude, is_fraud,
    )  # fmt: skip
    return transaction if trans_num else transaction._replace(transaction_id=_content_id(transaction))


def _content_id(transaction: Transaction) -> str:
    """Derive the id from everything but the label, which may become known later, and what changes with the card key.

    The customer and the card's last digits stand for the card.
    """
    return content_id(transaction.occurred_at, *map(str, transaction[_LAST4:-1]))


def _are_too_long(*texts: str) -> bool:
    return any(map(gt, map(len, texts), TEXT_LIMITS))


def _degrees(text: str, limit: int) -> float:
    value = float(text)
    if not -limit <= value <= limit:
        raise _RefusedError
    return value + 0.0  # -0.0 and 0.0 are one place


def _rounded_degrees(text: str, limit: int) -> float:
    """Round to the six decimals that a row of the usual form has at most; it costs ten times the rest."""
    return _degrees(repr(round(float(text), 6)), limit)


@lru_cache(256)
def _are_known(columns: tuple[Any, ...]) -> bool:
    """Tell whether a row has every required column and no unknown one; cached, as all rows of a file agree."""
    return set(REQUIRED_SOURCES) <= set(columns) <= _KNOWN


@lru_cache(4)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86400, UTC).date().isoformat()
