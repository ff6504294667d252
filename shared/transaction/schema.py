"""The one definition of a transaction: every other shape of it is generated from, or tested against, this table."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

SCHEMA_VERSION = 1


class Transaction(NamedTuple):
    """A validated transaction, past the edge: it holds no card number.

    Values are canonical: equal transactions have equal tuples, whatever format they arrived in. The order of
    the fields is the order on the wire (see :mod:`shared.transaction.codec`), so fields are only ever added at the end.
    """

    transaction_id: str  # the sender's trans_num, or derived from the content; at most 64 characters
    occurred_at: str  # event time, UTC, always milliseconds: 2020-06-21T12:14:25.000Z
    card_id: str  # 32 hex digits: HMAC-SHA256 of the card number under the card key of its time, first 128 bits
    card_key_id: str  # which key that was: 1, 2, ... (see :mod:`shared.transaction.card_keys`)
    card_last4: str
    customer_id: str  # 16 hex digits: keyed hash of who the customer is
    merchant_id: str  # 16 hex digits: hash of the merchant's normalised name
    merchant: str  # without the data set's fraud_ prefix
    category: str
    amount: Decimal  # US dollars, two decimals, never a float
    first_name: str
    last_name: str
    gender: str  # F or M
    street: str
    city: str
    state: str  # two letters
    zip: str  # five digits, leading zeros kept
    latitude: float  # of the customer's home, degrees, at most 6 decimals
    longitude: float
    city_population: int
    job: str
    date_of_birth: str  # 1968-03-19
    merchant_latitude: float
    merchant_longitude: float
    is_fraud: bool | None  # optional ground truth, for evaluation only; never a feature


class Field(NamedTuple):
    """How one field is named and typed elsewhere."""

    name: str
    source: str | None  # column of the Kaggle file and property of the API; None: made at the edge
    redshift: str
    max_length: int | None = None  # characters; Redshift's VARCHAR counts bytes, so its columns are 4 times as wide


FIELDS: tuple[Field, ...] = (
    Field("transaction_id", "trans_num", "VARCHAR(64)", 64),
    Field("occurred_at", "trans_date_trans_time", "TIMESTAMP"),
    Field("card_id", "cc_num", "CHAR(32)"),
    Field("card_key_id", None, "VARCHAR(8)"),
    Field("card_last4", None, "CHAR(4)"),
    Field("customer_id", None, "CHAR(16)"),
    Field("merchant_id", None, "CHAR(16)"),
    Field("merchant", "merchant", "VARCHAR(400)", 100),
    Field("category", "category", "VARCHAR(200)", 50),
    Field("amount", "amt", "DECIMAL(12,2)"),
    Field("first_name", "first", "VARCHAR(400)", 100),
    Field("last_name", "last", "VARCHAR(400)", 100),
    Field("gender", "gender", "CHAR(1)"),
    Field("street", "street", "VARCHAR(800)", 200),
    Field("city", "city", "VARCHAR(400)", 100),
    Field("state", "state", "CHAR(2)"),
    Field("zip", "zip", "CHAR(5)"),
    Field("latitude", "lat", "DECIMAL(9,6)"),
    Field("longitude", "long", "DECIMAL(9,6)"),
    Field("city_population", "city_pop", "INTEGER"),
    Field("job", "job", "VARCHAR(400)", 100),
    Field("date_of_birth", "dob", "DATE"),
    Field("merchant_latitude", "merch_lat", "DECIMAL(9,6)"),
    Field("merchant_longitude", "merch_long", "DECIMAL(9,6)"),
    Field("is_fraud", "is_fraud", "BOOLEAN"),
)

MAX_INTEGER = 2**31 - 1  # Redshift's INTEGER
YEAR_FORM = "(?:19|[2-9][0-9])[0-9]{2}"  # 1900 to 9999
DATE_FORM = YEAR_FORM + "-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"

# Columns a sender may leave out, and columns of the Kaggle file that carry nothing: accepted and dropped.
OPTIONAL_SOURCES = frozenset({"trans_num", "is_fraud"})
IGNORED_SOURCES = frozenset({"", "Unnamed: 0", "unix_time"})  # row number; seven years off its own timestamp
REQUIRED_SOURCES = tuple(f.source for f in FIELDS if f.source and f.source not in OPTIONAL_SOURCES)

assert tuple(f.name for f in FIELDS) == Transaction._fields
