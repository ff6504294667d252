"""The one description of a transaction: every other shape of it comes from this table, or a test holds it against it.

How to add a field: docs/how-to/add-a-field.md.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, NamedTuple, get_args

from shared.card_keys.ring import KEY_ID
from shared.transaction.kinds import (
    CARD_NUMBER,
    DAY,
    LABEL,
    MOMENT,
    ZIP,
    Kind,
    code,
    degrees,
    merchant_name,
    money,
    text,
    whole,
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One column: how its values look, what a sender is told, where it comes from and where it is kept."""

    kind: Kind
    expected: str  # for messages and documents: "expected <expected>, e.g. <example>"
    example: str = ""
    source: str | None = None  # column of the Kaggle file and property of the API; None: made at the edge
    given: Kind | None = None  # what a sender sends, where it is not what is kept
    of: str = "purchase"  # or customer, merchant: whose attribute it is in the warehouse
    optional: bool = False  # a sender may leave it out
    personal: bool = False  # personal data
    in_id: bool = False  # part of a derived transaction_id: of no field that was added later
    since: int = 1  # the version of the line that brought it
    # From the class below:
    name: str = ""
    type: type = str
    nullable: bool = False
    default: Any = None  # in lines, items and files from before

    @property
    def accepted(self) -> Kind:
        """The kind of what a sender sends."""
        return self.given or self.kind

    @property
    def hint(self) -> str:
        """What would be right, as messages say it."""
        return f"expected {self.expected}" + (f", e.g. {self.example}" if self.example else "")


_Part = partial(Field, in_id=True)
_Person = partial(Field, in_id=True, of="customer", personal=True)
_LATITUDE, _LONGITUDE = "decimal degrees from -90 to 90", "decimal degrees from -180 to 180"


def _hash(digits: int) -> Kind:
    return code(f"[0-9a-f]{{{digits}}}", f"CHAR({digits})")


class Transaction(NamedTuple):
    """A validated transaction, past the edge: it holds no card number.

    Values are canonical: equal transactions have equal tuples, whatever format they arrived in. The order is that of
    the line on the stream, so a field is only ever added at the end, with a default and ``since`` the next version.
    """

    # fmt: off
    transaction_id: Annotated[str, Field(code("[A-Za-z0-9_-]{1,64}", "VARCHAR(64)"),
        "1 to 64 of the characters A-Z a-z 0-9 _ -", "T-1001", "trans_num", optional=True)]
    occurred_at: Annotated[str, _Part(MOMENT, "a time in UTC, or in ISO 8601 with its zone",
        "2020-06-21 12:14:25 or 2020-06-21T12:14:25-05:00", "trans_date_trans_time")]
    card_id: Annotated[str, Field(_hash(32), "the card number's 11 to 19 digits, as text", "", "cc_num", CARD_NUMBER,
        personal=True)]  # HMAC-SHA256 of the number under the card key of its time, the first 128 bits
    card_key_id: Annotated[str, Field(code(KEY_ID, "VARCHAR(8)"), "the number of that key", "1")]
    card_last4: Annotated[str, _Part(code("[0-9]{4}", "CHAR(4)"), "the card number's last digits", "1111")]
    customer_id: Annotated[str, _Part(_hash(16), "a keyed hash of who the customer is", "9b3f0d2c5a7e1846",
        personal=True)]
    merchant_id: Annotated[str, _Part(_hash(16), "a hash of the merchant's normalized name", "4c1e8a90b2d7f653")]
    merchant: Annotated[str, _Part(text(100, merchant_name), "the merchant's name", "Kirlin and Sons", "merchant",
        of="merchant")]
    category: Annotated[str, _Part(text(50), "a category", "grocery_pos", "category")]
    amount: Annotated[Decimal, _Part(money(), "US dollars with at most two decimals", "107.23", "amt")]
    first_name: Annotated[str, _Person(text(100), "the first name", "Jennifer", "first")]
    last_name: Annotated[str, _Person(text(100), "the last name", "Banks", "last")]
    gender: Annotated[str, _Person(code("[FM]", "CHAR(1)"), "F or M", "", "gender")]
    street: Annotated[str, _Person(text(200), "the street and number", "561 Perry Cove", "street")]
    city: Annotated[str, _Person(text(100), "the city", "Moravian Falls", "city")]
    state: Annotated[str, _Person(code("[A-Z]{2}", "CHAR(2)", str.upper, accepts="[A-Za-z]{2}"), "two letters", "NY",
        "state")]
    zip: Annotated[str, _Person(ZIP, "five digits as text", "02138", "zip")]
    latitude: Annotated[float, _Person(degrees(90), _LATITUDE, "40.6729", "lat")]
    longitude: Annotated[float, _Person(degrees(180), _LONGITUDE, "-73.5365", "long")]
    city_population: Annotated[int, _Person(whole(), "a whole number", "34496", "city_pop")]
    job: Annotated[str, _Person(text(100), "the occupation", "Engineer, mining", "job")]
    date_of_birth: Annotated[str, _Person(DAY, "a date", "1968-03-19", "dob")]
    merchant_latitude: Annotated[float, _Part(degrees(90), _LATITUDE, "40.4958", "merch_lat")]
    merchant_longitude: Annotated[float, _Part(degrees(180), _LONGITUDE, "-74.1961", "merch_long")]
    is_fraud: Annotated[bool | None, Field(LABEL, "0, 1, true, false or empty", "", "is_fraud", optional=True)] = None
    # fmt: on


def _described(name: str) -> Field:
    kind, field = get_args(Transaction.__annotations__[name])
    choices = get_args(kind)
    default = Transaction._field_defaults.get(name)
    return replace(field, name=name, type=(choices or (kind,))[0], nullable=bool(choices), default=default)


FIELDS = tuple(map(_described, Transaction._fields))
SCHEMA_VERSION = max(field.since for field in FIELDS)
SOURCES = {field.source: field for field in FIELDS if field.source}
# Columns of the Kaggle file that carry nothing: accepted and dropped.
IGNORED_SOURCES = frozenset({"", "Unnamed: 0", "unix_time"})  # row number; seven years off its own timestamp
REQUIRED_SOURCES = tuple(source for source, field in SOURCES.items() if not field.optional)
assert sorted(FIELDS, key=lambda field: field.since) == list(FIELDS), "fields are added at the end"
