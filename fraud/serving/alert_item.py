"""Whether an item of the alerts table can be read: one that somebody changed stops no list, no page and no command."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from fraud.serving.alert_columns import COLUMNS
from fraud.verdict import STATUSES, VERDICT_COLUMNS, WORDS, Verdict
from shared.sinks.item import Item

COUNT = "judged"  # the attribute that counts an alert's verdicts: the name that stored items have

_KINDS: dict[str, tuple[type, ...]] = {"S": (str,), "N": (str,), "L": (list,), "M": (dict,), "BOOL": (bool,)}


class _Attribute(NamedTuple):
    """Of an alert: DynamoDB's type, and whether each alert has it."""

    kind: str
    required: bool = True


_TEXTS = (
    *("transaction_id", "occurred_at", "card_id", "card_last4", "merchant_id", "merchant", "category", "model"),
    "alerted_at",
)
_SHARES = ("score", "threshold", "shadow_score")  # from 0 to 1
_ATTRIBUTES = {
    **{name: _Attribute("S") for name in _TEXTS},
    **{name: _Attribute("N") for name in ("amount", "score", "threshold")},
    "reasons": _Attribute("L"),
    **{name: _Attribute("S", required=False) for name in ("status", "verdict", "assigned_to", "shadow_model")},
    "shadow_score": _Attribute("N", required=False),
    COUNT: _Attribute("N", required=False),
    "plain": _Attribute("BOOL", required=False),
    "verdicts": _Attribute("L", required=False),
}
_ONE_OF = {"status": STATUSES, "verdict": WORDS}


def damage(item: Item) -> str:
    """Give why an item cannot be read, empty if it can; names the attribute, never its value."""
    for name, (kind, required) in _ATTRIBUTES.items():
        if name not in item:
            if required:
                return f"{name} is missing"
            continue
        value = _value(item[name], kind)
        if value is None:
            return f"{name} is not of type {kind}"
        if not _in_form(name, value):
            return f"{name} is not in its form"
    known = item.get("verdicts", {}).get("L", [])
    if int(item.get(COUNT, {"N": "0"})["N"]) != len(known):
        return f"{COUNT} is not the number of verdicts"
    return ""


def _value(attribute: Any, kind: str) -> Any:
    value = attribute.get(kind) if isinstance(attribute, Mapping) else None
    return value if isinstance(value, _KINDS[kind]) else None


def _in_form(name: str, value: Any) -> bool:
    if name in _ONE_OF:
        return value in _ONE_OF[name]
    if name == "reasons":
        return all(_value(one, "S") is not None for one in value)
    if name == "verdicts":
        return all(_is_verdict(_value(one, "M")) for one in value)
    if name == COUNT:
        return bool(value.isdecimal())
    column = COLUMNS.get(name)
    if column and not column.valid(value):
        return False
    return name not in _SHARES or 0 <= Decimal(value) <= 1


def _is_verdict(given: Any) -> bool:
    texts = [_value((given or {}).get(name), "S") for name in Verdict._fields]
    if None in texts:
        return False
    verdict = Verdict(*texts)
    return verdict.verdict in WORDS and COLUMNS[VERDICT_COLUMNS[2]].valid(verdict.at)
