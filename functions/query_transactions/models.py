"""What the API takes and gives, as pydantic models: they check requests, and describe both sides in OpenAPI."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from shared.transaction.kinds import CARD_DIGITS
from shared.transaction.schema import FIELDS
from shared.transaction.schema import Field as Described

MOST = 1000
_KINDS = {field.name: field.kind for field in FIELDS}


def pattern_of(field: str) -> str:
    """Give the pattern of a field's canonical text."""
    return f"^{_KINDS[field].stored}$"


CARD_ID, TRANSACTION_ID = pattern_of("card_id"), pattern_of("transaction_id")
CARD_NUMBER = f"^[0-9]{{{CARD_DIGITS[0]},{CARD_DIGITS[1]}}}$"
MOMENT_OUT, AMOUNT = pattern_of("occurred_at"), pattern_of("amount")
CURSOR = r"^[A-Za-z0-9_-]+$"

Order = Literal["newest", "oldest"]
Limit = Annotated[int, Field(ge=1, le=MOST, description="At most so many on a page.")]
# The description asks for RFC 3339; a time without a zone is taken as well, as UTC.
MOMENT: dict[str, Any] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
FROM = "Event time from this day or time on, in UTC where it has no zone. Without: from the first."
TO = "Event time until just before this day or time. Without: to the last."
ORDER = "Newest or oldest event time first."
NEXT = "The next_cursor of an answer to this very query: gives the page after it."


def _whole(value: Any) -> Any:
    """Take 100.0 for 100, as JSON Schema does; all else is left to pydantic's strict check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Search(BaseModel):
    """A search by card number: in the body, since addresses are written to logs."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)

    card_number: Annotated[str, Field(pattern=CARD_NUMBER, description="Digits only. It is neither stored nor logged.")]
    begin: Annotated[
        str | None, Field(alias="from", max_length=64, description=FROM, json_schema_extra={"format": "date-time"})
    ] = None
    end: Annotated[
        str | None, Field(alias="to", max_length=64, description=TO, json_schema_extra={"format": "date-time"})
    ] = None
    limit: Annotated[Limit, BeforeValidator(_whole)] = 100
    order: Annotated[Order, Field(description=ORDER)] = "newest"
    cursor: Annotated[str | None, Field(pattern=CURSOR, max_length=1024, description=NEXT)] = None


def _shown(field: Described) -> Any:
    """Give the type of a field as the API shows it: money as decimal text, all else as the schema has it."""
    kind = field.kind
    about: dict[str, Any] = {"description": "US dollars, as decimal text."} if field.type is Decimal else {}
    if kind.bounds:
        about |= {"ge": kind.bounds[0], "le": kind.bounds[1]}
    elif kind.is_free_text:
        about["min_length"] = 1
    elif kind.stored:
        about["pattern"] = pattern_of(field.name)
    if kind.limit:
        about["max_length"] = kind.limit
    shown: Any = str if field.type is Decimal else field.type
    return Annotated[shown | None if field.nullable else shown, Field(**about)]


_SHOWN: dict[str, Any] = {field.name: (_shown(field), ...) for field in FIELDS}
TransactionOut = create_model("Transaction", __doc__="A transaction; it holds no card number.", **_SHOWN)


class TransactionPage(BaseModel):
    """Transactions in the order asked for. ``next_cursor`` is null at the end; a page before it may be the last."""

    transactions: list[TransactionOut]  # type: ignore[valid-type]
    next_cursor: str | None


class Merchant(BaseModel):
    """A merchant's name as it was spelled in some transaction; spellings of one merchant share its id."""

    merchant: str
    merchant_id: Annotated[str, Field(pattern=pattern_of("merchant_id"))]


class MerchantPage(BaseModel):
    """Merchants sorted by name."""

    merchants: list[Merchant]
    next_cursor: str | None


class Health(BaseModel):
    """The function runs, and the table answers it."""

    status: Literal["ok"]


class Finding(BaseModel):
    """What is wrong with a request."""

    field: Annotated[str, Field(description="The parameter or property; body where it is the body as a whole.")]
    reason: str


class Problem(BaseModel):
    """Why a request was refused; ``errors`` where single fields are at fault."""

    message: str
    request_id: Annotated[str | None, Field(description="Finds the request in the logs.")] = None
    errors: list[Finding] | None = None
