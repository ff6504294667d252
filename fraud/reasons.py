"""Why a transaction was flagged, in words: the model's own view of it, from its row.

Each reason stands for a few features. It weighs what the log-odds lose when those features are set to what is ordinary,
all else kept. So the reasons follow the model that gave the score, and come in the order that mattered to it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import NamedTuple

from fraud.features import COLUMNS, Row
from fraud.model import Model
from shared.transaction.schema import Transaction

MOST = 3
_LEAST = 0.25  # log-odds below which a reason says nothing
_KNOWN_HABIT = 5  # purchases in the category from which "this card's usual" is its own
_AT = {name: i for i, name in enumerate(COLUMNS)}
_NOON = 12
_SELDOM = 0.35  # share of the card's purchases in a category that fall in this half of the day


class _Case(NamedTuple):
    row: Row
    transaction: Transaction
    hour: int
    night: bool  # 22 to 4

    def value(self, name: str) -> float:
        return self.row[_AT[name]]


def reasons(model: Model, row: Row, transaction: Transaction) -> list[str]:
    """At most ``MOST`` reasons for a score, the weightiest first; one that only says "unusual" if none stands out.

    Parameters
    ----------
    model
        The one that gave the score.
    row
        The transaction's row of ``COLUMNS``, as :class:`fraud.scoring.Scored` holds it.
    transaction
        The transaction.

    """
    hour = int(row[_AT["hour"]])
    case = _Case(row, transaction, hour, hour >= 22 or hour < 4)
    changed = [_changed(row, ordinary(case)) for ordinary, _say in _REASONS]
    whole, *without = model.raw([row, *changed])
    weighed = [
        (whole - raw, number, say(case)) for number, (raw, (_, say)) in enumerate(zip(without, _REASONS, strict=True))
    ]
    said = [text for weight, _number, text in sorted(weighed, key=lambda w: (-w[0], w[1])) if weight >= _LEAST and text]
    return said[:MOST] or ["unusual for this card as a whole"]


def _changed(row: Row, values: dict[str, float]) -> Row:
    changed = list(row)
    for name, value in values.items():
        changed[_AT[name]] = value
    return changed


def _usual_amount(case: _Case) -> dict[str, float]:
    usual = case.value("amount") / exp(case.value("amount_to_usual"))
    return {"amount": usual, "amount_to_usual": 0.0, "evidence": min(case.value("evidence"), 0.0)}


def _say_amount(case: _Case) -> str:
    times = exp(case.value("amount_to_usual"))
    whose = "this card's usual" if case.value("bought_in_category") >= _KNOWN_HABIT else "what is usual"
    category = case.transaction.category
    if times >= 2:
        return f"{times:.0f}x {whose} in {category}"
    if times <= 0.5:
        return f"1/{1 / times:.0f} of {whose} in {category}, as when a card is tested"
    return f"${case.transaction.amount} in {category} {'at night' if case.night else 'by day'} is often fraud"


def _quiet_today(case: _Case) -> dict[str, float]:
    return {"evidence_today": min(case.value("evidence_today"), 0.0)}


def _say_today(case: _Case) -> str:
    earlier, spent = int(case.value("lately")), f"${case.value('spent_today'):,.2f}"
    if earlier:
        return f"{_ordinal(earlier + 1)} purchase {'tonight' if case.night else 'in 8 hours'}, after {spent} today"
    return f"suspicious purchases earlier today, {spent} in all"


def _quiet_yesterday(case: _Case) -> dict[str, float]:
    return {"evidence_yesterday": min(case.value("evidence_yesterday"), 0.0)}


def _say_yesterday(_case: _Case) -> str:
    return "suspicious purchases the day before"


def _usual_hour(case: _Case) -> dict[str, float]:
    return {
        "hour": 14,
        "evidence": min(case.value("evidence"), 0.0),
        "half_day_share": max(case.value("half_day_share"), 0.5),
        "half_day_share_in_category": max(case.value("half_day_share_in_category"), 0.5),
    }


def _say_hour(case: _Case) -> str:
    at = f"at {case.transaction.occurred_at[11:16]}"
    if case.value("half_day_share_in_category") < _SELDOM:
        half = "from noon to midnight" if case.hour >= _NOON else "from midnight to noon"
        return f"{at}: this card seldom buys in {case.transaction.category} {half}"
    return f"{at}, in the night" if case.night else ""


_REASONS: tuple[tuple[Callable[[_Case], dict[str, float]], Callable[[_Case], str]], ...] = (
    (_usual_amount, _say_amount),
    (_quiet_today, _say_today),
    (_quiet_yesterday, _say_yesterday),
    (_usual_hour, _say_hour),
)


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
