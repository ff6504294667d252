"""A sender's row becomes a Transaction: checked, canonical, and without its card number."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from time import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import RejectedError
from shared.explain import explain, luhn_valid
from shared.ids import card_id, content_id, customer_id, merchant_id, merchant_name
from shared.schema import FIELDS, IGNORED_SOURCES, REQUIRED_SOURCES, Transaction

_LIMITS = {f.source: f.max_length for f in FIELDS}
_MAX_INTEGER = 2**31 - 1  # Redshift's INTEGER
_ROUNDED = "000000"  # how a card number ends that went through a spreadsheet cell, which keeps 15 digits

# Patterns are Rust's: ^ and $ are the ends of the text, never of a line.
_NONCHARACTERS = "".join(rf"\u{{{plane + 0xFFFE:x}}}\u{{{plane + 0xFFFF:x}}}" for plane in range(0, 0x110000, 0x10000))
_STORABLE = rf"^[^\x00-\x1f\x7f-\x9f\u{{2028}}\u{{2029}}\u{{fdd0}}-\u{{fdef}}{_NONCHARACTERS}]+$"
_DATE = r"(?:19|[2-9][0-9])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"

_Text = Annotated[str, Field(pattern=_STORABLE)]
_Number = Annotated[str, Field(coerce_numbers_to_str=True)]  # a CSV cell or a JSON number: the same digits
_Coordinate = Annotated[_Number, Field(pattern=r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?$")]


class TransactionIn(BaseModel):
    """A row as senders send it, named as the columns of the Kaggle file; from CSV text or from JSON values.

    It checks form, field by field; :func:`parse_transaction` checks what the values mean.
    """

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore", hide_input_in_errors=True)

    trans_date_trans_time: Annotated[str, Field(pattern=rf"^{_DATE}[ T]{_CLOCK}(?:\.[0-9]{{1,3}})?{_ZONE}?$")]
    cc_num: Annotated[_Number, Field(pattern=r"^[0-9](?:[ -]?[0-9]){10,18}$")]
    merchant: _Text
    category: _Text
    amt: Annotated[_Number, Field(pattern=r"^[0-9]{1,10}(?:\.[0-9]{1,2})?$")]
    first: _Text
    last: _Text
    gender: Annotated[str, Field(pattern="^[FM]$")]
    street: _Text
    city: _Text
    state: Annotated[str, Field(pattern="^[A-Za-z]{2}$")]
    zip: Annotated[_Number, Field(pattern="^(?:[0-9]{3,5}|[0-9]{5}-[0-9]{4})$")]
    lat: _Coordinate
    long: _Coordinate
    city_pop: Annotated[_Number, Field(pattern="^[0-9]{1,10}$")]
    job: _Text
    dob: Annotated[str, Field(pattern=f"^{_DATE}$")]
    merch_lat: _Coordinate
    merch_long: _Coordinate
    trans_num: Annotated[str | None, Field(pattern="^[A-Za-z0-9_-]{0,64}$", coerce_numbers_to_str=True)] = None
    is_fraud: Any = None


_validate = TransactionIn.__pydantic_validator__.validate_python
_TEXT_COLUMNS = ("merchant", "category", "first", "last", "street", "city", "job")
_FRAUD_LABELS: dict[Any, bool | None] = {
    None: None, "": None, 0: False, 1: True, "0": False, "1": True,
    "false": False, "true": True, "False": False, "True": True, "FALSE": False, "TRUE": True,
}  # fmt: skip


class _RefusedError(ValueError):
    """The fast path met a value it cannot take; :mod:`shared.explain` finds out which."""


def parse_transaction(raw: Mapping[str, Any], card_key: bytes, now: datetime | None = None) -> Transaction:
    """Turn a row into a Transaction.

    Parameters
    ----------
    raw
        Column -> value: text (from CSV), or JSON values with numbers as int or Decimal.
    card_key
        The stage's key for card and customer ids.
    now
        The moment against which dates of birth are checked; by default the clock.

    Raises
    ------
    RejectedError
        With every finding of the row in ``errors``, as (column, reason).
    """
    today = _day(int(time() // 86400)) if now is None else now.astimezone(UTC).date().isoformat()
    return _parse(raw, card_key, today)


def parse_many(
    rows: Iterable[Mapping[str, Any]], card_key: bytes, now: datetime | None = None
) -> list[Transaction | RejectedError]:
    """Turn rows into Transactions, each on its own: a bad row is its RejectedError, in the row's place."""
    today = _day(int(time() // 86400)) if now is None else now.astimezone(UTC).date().isoformat()
    parsed: list[Transaction | RejectedError] = []
    for row in rows:
        try:
            parsed.append(_parse(row, card_key, today))
        except RejectedError as error:
            parsed.append(error)
    return parsed


def _parse(raw: Mapping[str, Any], card_key: bytes, today: str) -> Transaction:
    try:
        if not _known_columns(tuple(raw)):
            raise _RefusedError
        return _canonical(_validate(raw if type(raw) is dict else dict(raw)).__dict__, card_key, today)
    except (ValueError, TypeError, OverflowError, AttributeError):  # ValidationError is a ValueError
        findings = explain(raw, today)
    raise RejectedError.of(findings)


def _canonical(row: dict[str, Any], card_key: bytes, today: str) -> Transaction:
    texts = [row[column] for column in _TEXT_COLUMNS]
    joined = "\n".join(texts)
    if not joined.isascii():
        texts = [unicodedata.normalize("NFC", text) for text in texts]
    merchant, category, first, last, street, city, job = texts
    merchant = merchant_name(merchant)
    if (
        not 0 < len(merchant) <= 100 or len(category) > 50 or len(first) > 100 or len(last) > 100
        or len(street) > 200 or len(city) > 100 or len(job) > 100
    ):  # fmt: skip
        raise _RefusedError

    number = row["cc_num"]
    trans_num = row["trans_num"]
    if number in joined or (trans_num and number in trans_num):
        raise _RefusedError
    if not number.isdecimal():
        number = number.replace(" ", "").replace("-", "")
        if number in joined or (trans_num and number in trans_num):
            raise _RefusedError
    if number.endswith(_ROUNDED) and not luhn_valid(number):
        raise _RefusedError

    occurred_at = _canonical_time(row["trans_date_trans_time"])
    born = row["dob"]
    if born > today or born > occurred_at[:10]:
        raise _RefusedError
    date.fromisoformat(born)

    zip_code = row["zip"]
    if len(zip_code) != 5:
        zip_code = zip_code[:5].zfill(5)
    population = int(row["city_pop"])
    if population > _MAX_INTEGER:
        raise _RefusedError
    amount = Decimal(row["amt"])
    if amount.as_tuple().exponent != -2:
        amount = amount.quantize(Decimal("0.01"))
    latitude, longitude = _degrees(row["lat"], 90), _degrees(row["long"], 180)
    merchant_latitude, merchant_longitude = _degrees(row["merch_lat"], 90), _degrees(row["merch_long"], 180)
    token, gender, state = card_id(card_key, number), row["gender"], row["state"].upper()
    is_fraud = _FRAUD_LABELS.get(row["is_fraud"], _RefusedError)
    if is_fraud is _RefusedError:
        raise _RefusedError
    return Transaction(
        trans_num
        or content_id(
            occurred_at, token, merchant, category, str(amount), first, last, gender, street, city, state, zip_code,
            str(latitude), str(longitude), str(population), job, born, str(merchant_latitude), str(merchant_longitude),
        ),
        occurred_at, token, number[-4:], customer_id(card_key, first, last, gender, born, street, zip_code),
        merchant_id(merchant), merchant, category, amount, first, last, gender, street, city, state, zip_code,
        latitude, longitude, population, job, born, merchant_latitude, merchant_longitude, is_fraud,
    )  # fmt: skip


def _canonical_time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if len(text) == 19:  # no fraction, no zone: UTC, as in the Kaggle file
        return f"{text[:10]}T{text[11:]}.000Z"
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    if moment.year < 1900:
        raise _RefusedError
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _degrees(text: str, limit: int) -> float:
    value = round(float(text), 6)
    if not -limit <= value <= limit:
        raise _RefusedError
    return value + 0.0  # makes -0.0 plain 0.0


@lru_cache(256)
def _known_columns(columns: tuple[Any, ...]) -> bool:
    """Tell whether a row has every required column and no unknown one; cached, as all rows of a file agree."""
    return set(REQUIRED_SOURCES) <= set(columns) and set(columns) <= set(TransactionIn.model_fields) | IGNORED_SOURCES


@lru_cache(4)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * 86400, UTC).date().isoformat()
