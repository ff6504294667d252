"""What the API takes and gives, as pydantic models: they check requests, and describe both sides in OpenAPI."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from shared.transaction.card_keys import KEY_ID
from shared.transaction.schema import FIELDS, Transaction

MOST = 1000
CARD_ID = r"^[0-9a-f]{32}$"
CARD_NUMBER = r"^[0-9]{11,19}$"
TRANSACTION_ID = r"^[A-Za-z0-9_-]{1,64}$"
CURSOR = r"^[A-Za-z0-9_-]+$"
MOMENT_OUT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
AMOUNT = r"^[0-9]+\.[0-9]{2}$"

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


_TYPES = get_type_hints(Transaction)
_PATTERNS = {
    "transaction_id": TRANSACTION_ID,
    "occurred_at": MOMENT_OUT,
    "card_id": CARD_ID,
    "card_key_id": f"^{KEY_ID}$",
    "card_last4": r"^[0-9]{4}$",
    "customer_id": r"^[0-9a-f]{16}$",
    "merchant_id": r"^[0-9a-f]{16}$",
    "gender": r"^[FM]$",
    "zip": r"^[0-9]{5}$",
}


def _shown(name: str, max_length: int | None) -> Any:
    """Give the type of a field as the API shows it: money as decimal text, all else as the schema has it."""
    if _TYPES[name] is Decimal:
        return Annotated[str, Field(pattern=AMOUNT, description="US dollars, as decimal text.")]
    return Annotated[_TYPES[name], Field(pattern=_PATTERNS.get(name), max_length=max_length)]


_SHOWN: dict[str, Any] = {field.name: (_shown(field.name, field.max_length), ...) for field in FIELDS}
TransactionOut = create_model("Transaction", __doc__="A transaction; it holds no card number.", **_SHOWN)


class TransactionPage(BaseModel):
    """Transactions in the order asked for. ``next_cursor`` is null at the end; a page before it may be the last."""

    transactions: list[TransactionOut]  # type: ignore[valid-type]
    next_cursor: str | None


class Merchant(BaseModel):
    """A merchant's name as it was spelled in some transaction; spellings of one merchant share its id."""

    merchant: str
    merchant_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


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
