"""Which of two contents of one transaction counts, and the digest of a content: docs/one-truth.md.

The order looks at nothing but the contents, so that every store ends with the same one in whatever order, by whichever
path and how often they come. redshift/merge.sql has the same order and digest, from :data:`ORDER` and :func:`base_sql`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import itemgetter
from typing import Any

from shared.transaction.kinds import DAY, LABEL, MOMENT
from shared.transaction.schema import FIELDS, Field, Transaction

LABEL_FIELD, CORRECTED = "is_fraud", "corrected_at"
_SEPARATOR = "\x1f"  # a control character, which no validated text holds
# The earlier purchase, then the lower amount, then the category, whatever else differs: the three that a card's profile
# keeps come first, so that it can decide, too. Last, of two that differ in nothing else, a known label.
_FIRST = ("occurred_at", "amount", "category")
_APART = ("transaction_id", CORRECTED, LABEL_FIELD)
ORDER = (*_FIRST, *(field.name for field in FIELDS if field.name not in (*_FIRST, *_APART)))

_in_order = itemgetter(*(Transaction._fields.index(name) for name in ORDER))
_LABEL_AT = Transaction._fields.index(LABEL_FIELD)
_LABEL_ORDER = {True: 0, False: 1, None: 2}
_LABEL_TEXT = {True: "1", False: "0", None: ""}


def counts_before(one: Transaction, other: Transaction) -> bool:
    """Whether ``one`` counts and ``other`` does not. Of equal contents neither does.

    A correction counts before what it corrects, and the latest of several; else the order of the contents decides.
    """
    one_at, other_at = one.corrected_at or "", other.corrected_at or ""
    if one_at != other_at:
        return one_at > other_at
    return rank(one) < rank(other)


def rank(transaction: Transaction) -> tuple[Any, ...]:
    """Give the place of a content among those of its id and correction: the smallest counts."""
    values = _in_order(transaction)
    return (*(() if value is None else (value,) for value in values), _LABEL_ORDER[transaction.is_fraud])


def counting(transactions: Iterable[Transaction]) -> Transaction:
    """Give the content that counts. Raises StopIteration without any."""
    rest = iter(transactions)
    first = next(rest)
    for other in rest:
        if counts_before(other, first):
            first = other
    return first


def adds_label(one: Transaction, other: Transaction) -> bool:
    """Whether the two differ in nothing but a label that one of them does not know yet: no conflict."""
    labels = one[_LABEL_AT], other[_LABEL_AT]
    return (
        labels[0] is not labels[1] and None in labels and one._replace(is_fraud=None) == other._replace(is_fraud=None)
    )


def canonical(field: Field) -> Callable[[Any], str]:
    """Give the function that writes a field's value as every store can write it again."""
    if field.type is bool:
        return lambda value: _LABEL_TEXT[value]
    if field.type is float:
        return lambda value: "" if value is None else _six(value)
    if field.type is str:
        return lambda value: value or ""
    return lambda value: "" if value is None else str(value)


def _six(value: Any) -> str:
    text = f"{value:.6f}"
    return "0.000000" if text == "-0.000000" else text


_WRITERS = tuple(map(canonical, FIELDS))
_BASE = tuple(at for at, field in enumerate(FIELDS) if field.name != LABEL_FIELD)


def texts(transaction: Transaction) -> list[str]:
    """Give the canonical text of each field, in the schema's order."""
    return [write(value) for write, value in zip(_WRITERS, transaction, strict=True)]


def content_text(of_fields: list[str]) -> str:
    """Give what is hashed, of the canonical texts of a transaction: all fields, the label last."""
    return _SEPARATOR.join([*(of_fields[at] for at in _BASE), of_fields[_LABEL_AT]])


def digest_of(of_fields: list[str]) -> str:
    """Give 32 hex digits for the canonical texts of a transaction: no secret, a checksum that Redshift can compute."""
    return hashlib.md5(content_text(of_fields).encode(), usedforsecurity=False).hexdigest()


def digest(transaction: Transaction) -> str:
    """Give 32 hex digits for a content, its label included."""
    return digest_of(texts(transaction))


def field_sql(field: Field, table: str) -> str:
    """Give the SQL of a column's canonical text."""
    column = f"{table}.{field.name}"
    if field.kind is MOMENT:
        text = f'TO_CHAR({column}, \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')'
    elif field.kind is DAY:
        text = f"TO_CHAR({column}, 'YYYY-MM-DD')"
    elif field.kind is LABEL:
        return f"CASE WHEN {column} IS NULL THEN '' WHEN {column} THEN '1' ELSE '0' END"
    elif field.type in (float, int, Decimal):
        text = f"CAST({column} AS VARCHAR(20))"
    else:
        text = column
    return f"COALESCE({text}, '')"


def base_sql(table: str) -> str:
    """Give the SQL of what is hashed, without the label and the separator before it."""
    return " || CHR(31) || ".join(field_sql(FIELDS[at], table) for at in _BASE)


def content_sql(table: str) -> str:
    """Give the SQL of what is hashed."""
    return f"{base_sql(table)} || CHR(31) || {field_sql(FIELDS[_LABEL_AT], table)}"


def order_sql(table: str) -> str:
    """Give the SQL of the order of contents of one id and correction, for ORDER BY."""
    names = {field.name: field for field in FIELDS}
    columns: list[str] = []
    for name in ORDER:
        if names[name].nullable:  # what is missing comes first, as in rank()
            columns.append(f"CASE WHEN {table}.{name} IS NULL THEN 0 ELSE 1 END")
        columns.append(f"{table}.{name}")
    label = f"{table}.{LABEL_FIELD}"
    return ", ".join([*columns, f"CASE WHEN {label} IS NULL THEN 2 WHEN {label} THEN 0 ELSE 1 END"])
