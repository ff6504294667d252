"""A column of a sender's row in JSON Schema, as strict as the server: from the one description of a transaction."""

from __future__ import annotations

from typing import Any

from shared.transaction.kinds import BLANKS, CARD_DIGITS, CARD_NUMBER, LABELS, MERCHANT_PREFIX, UNSTORABLE, ZIP, Kind
from shared.transaction.schema import Field

_PADDING = f"[{BLANKS}]*"


def row_property(field: Field) -> dict[str, Any]:
    """Give the schema of what a sender may write in a column: text, and a number where its digits are taken."""
    kind = field.accepted
    about: dict[str, Any] = {"description": field.expected[0].upper() + field.expected[1:] + "."}
    if field.example:
        about["examples"] = field.example.split(" or ")
    if kind.any_type:
        return about | {"enum": [None, "", *LABELS, False, True]}  # in JSON, 0 and false are two values
    choices = [_free_text(field) if kind.is_free_text else _form(kind)]
    if kind.numbers:
        choices.append(_number(kind))
    if field.optional:
        choices += [{"type": "null"}, {"type": "string", "pattern": f"^{_PADDING}$"}]
    return about | (choices[0] if len(choices) == 1 else {"anyOf": choices})


def _form(kind: Kind) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{_PADDING}(?:{kind.accepts}){_PADDING}$"}


def _free_text(field: Field) -> dict[str, Any]:
    """The limit does not count what surrounds the text, hence it is in the pattern."""
    limit = field.kind.limit or 0
    edge, inner = f"[^\\s{UNSTORABLE}]", f"[^{UNSTORABLE}]"
    text = f"{edge}(?:{inner}{{0,{limit - 2}}}{edge})?"
    if field.source == "merchant":
        text = f"(?:{MERCHANT_PREFIX}{_PADDING})*(?!{MERCHANT_PREFIX}){text}"
    return {"type": "string", "minLength": 1, "pattern": f"^{_PADDING}{text}{_PADDING}$"}


def _number(kind: Kind) -> dict[str, Any]:
    """A JSON number whose digits are of the accepted form; its decimals are the server's to count."""
    if kind.redshift.startswith("DECIMAL"):
        least, most = kind.bounds or (0, float(kind.most))
        return {"type": "number", "minimum": least, "maximum": most}
    if kind.bounds:
        return {"type": "integer", "minimum": kind.bounds[0], "maximum": kind.bounds[1]}
    return {"type": "integer"} | _DIGITS.get(kind, {})


_DIGITS = {
    CARD_NUMBER: {"minimum": 10 ** (CARD_DIGITS[0] - 1), "maximum": 10 ** CARD_DIGITS[1] - 1},
    ZIP: {"minimum": 100, "maximum": 99999},
}
