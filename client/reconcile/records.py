"""A transaction as each store has it, in canonical texts: equal contents have equal texts, wherever they were read.

Never raises on what a store holds: somebody may have changed it by hand, and then it is to be found and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from shared.sinks.item import Item, merchant_bucket
from shared.transaction.content import LABEL_FIELD, counts_before, digest_of
from shared.transaction.schema import FIELDS, Transaction

NAMES = Transaction._fields
SEPARATOR = "\x1f"
_LABEL_AT = NAMES.index(LABEL_FIELD)
_BUCKET = "merchant_bucket"
_TAGS = {str: "S", bool: "BOOL", Decimal: "N", float: "N", int: "N"}


class Record(NamedTuple):
    """A content: where it belongs, its digest, and the canonical text of each field; ``beside`` is what is wrong."""

    identity: str
    occurred_at: str
    card_id: str
    digest: str
    texts: tuple[str, ...]
    beside: str = ""  # a field of the store alone that does not follow from the others

    @classmethod
    def of(cls, texts: Iterable[str], beside: str = "") -> Record:
        """Make a record of canonical texts in the schema's order."""
        found = tuple(texts)
        digest = digest_of([*found]) if not beside else digest_of([*found[:-1], found[-1] + SEPARATOR + beside])
        return cls(found[0], found[1], found[2], digest, found, beside)

    def differs_from(self, other: Record) -> list[str]:
        """Name the fields that differ."""
        pairs = zip(NAMES, self.texts, other.texts, strict=True)
        return [name for name, mine, yours in pairs if mine != yours] + ([self.beside] if self.beside else [])

    def transaction(self) -> Transaction | None:
        """Give the content as every sink reads it; None when it is none."""
        try:
            return Transaction._make(map(_read, FIELDS, self.texts))
        except (ValueError, InvalidOperation):
            return None


def counting_record(records: Iterable[Record]) -> Record:
    """Give the one that counts, of contents of one id; one that cannot be read counts last."""
    best: tuple[Record, Transaction | None] | None = None
    for record in records:
        one = record.transaction()
        if best is None or (one is not None and (best[1] is None or counts_before(one, best[1]))):
            best = (record, one)
    assert best is not None, "no contents"
    return best[0]


def of_item(item: Item) -> Record:
    """Read an item of the table."""
    texts = [_of_attribute(field, item.get(field.name)) for field in FIELDS]
    expected = merchant_bucket(texts[NAMES.index("merchant_id")], texts[NAMES.index("occurred_at")][:7])
    return Record.of(texts, "" if item.get(_BUCKET) == {"S": expected} else _BUCKET)


def of_line(line: Mapping[str, Any]) -> Record:
    """Read a line of the lake. Raises KeyError without an id, a time and a card."""
    _ = line["transaction_id"], line["occurred_at"], line["card_id"]
    return Record.of(_of_json(field, line.get(field.name, field.default)) for field in FIELDS)


def of_row(row: Mapping[str, Any]) -> Record:
    """Read a row of the batch path's Parquet."""
    return Record.of(_of_column(row.get(field.name)) for field in FIELDS)


def of_text(text: str) -> Record:
    """Read what the warehouse hashes: its fields, the label last."""
    *base, label = text.split(SEPARATOR)
    return Record.of([*base[:_LABEL_AT], label, *base[_LABEL_AT:]])


def _of_attribute(field: Any, value: Mapping[str, Any] | None) -> str:
    if value is None:
        return ""
    ((tag, found),) = value.items()
    if tag != _TAGS[field.type]:
        return f"{tag} {found}"
    if tag == "BOOL":
        return "1" if found else "0"
    return _number(field, str(found)) if tag == "N" else str(found)


def _number(field: Any, text: str) -> str:
    places = {Decimal: 2, float: 6, int: 0}[field.type]
    try:
        number = Decimal(text)
        rounded = round(number, places) if places else number.to_integral_value()
    except (ArithmeticError, ValueError):  # by hand: a number of more digits than Python's decimals keep
        return text
    return f"{rounded:.{places}f}" if rounded == number else text


def _of_json(field: Any, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float) and field.type in (int, float):
        return _number(field, repr(value))
    return value if isinstance(value, str) and field.type in (str, Decimal) else f"{type(value).__name__} {value}"


def _of_column(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(field: Any, text: str) -> Any:
    if not text and field.nullable:
        return field.default
    if field.type is bool:
        return {"1": True, "0": False}[text] if text in "10" else _refuse()
    return field.type(text)


def _refuse() -> Any:
    raise ValueError("no label")
