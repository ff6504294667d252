"""Why a transaction was flagged, in words: the model's own view of it, from its row.

Each reason stands for a few features and weighs what they contributed to the log-odds of the score
(:mod:`fraud.contributions`, exact for trees). So the reasons follow the model that gave the score, and come in the
order that mattered to it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, isnan
from typing import NamedTuple

from fraud.features import COLUMNS, RISK_FEATURES, Row
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
    added = model.explainer.contributions(row)
    weighed = [
        (sum(added[_AT[name]] for name in names), number, say(case)) for number, (names, say) in enumerate(_REASONS)
    ]
    said = [text for weight, _number, text in sorted(weighed, key=lambda w: (-w[0], w[1])) if weight >= _LEAST and text]
    return said[:MOST] or ["unusual for this card as a whole"]


def _say_amount(case: _Case) -> str:
    times = exp(case.value("amount_to_usual"))
    whose = "this card's usual" if case.value("bought_in_category") >= _KNOWN_HABIT else "what is usual"
    category = case.transaction.category
    if times >= 2:
        return f"{times:.0f}x {whose} in {category}"
    if times <= 0.5:
        return f"1/{1 / times:.0f} of {whose} in {category}, as when a card is tested"
    return f"${case.transaction.amount} in {category} {'at night' if case.night else 'by day'} is often fraud"


def _say_today(case: _Case) -> str:
    earlier, spent = int(case.value("lately")), f"${case.value('spent_today'):,.2f}"
    if earlier:
        return f"{_ordinal(earlier + 1)} purchase {'tonight' if case.night else 'in 8 hours'}, after {spent} today"
    return f"suspicious purchases earlier today, {spent} in all"


def _say_yesterday(_case: _Case) -> str:
    return "suspicious purchases the day before"


def _say_hour(case: _Case) -> str:
    at = f"at {case.transaction.occurred_at[11:16]}"
    if case.value("half_day_share_in_category") < _SELDOM:
        half = "from noon to midnight" if case.hour >= _NOON else "from midnight to noon"
        return f"{at}: this card seldom buys in {case.transaction.category} {half}"
    return f"{at}, in the night" if case.night else ""


def _say_week(case: _Case) -> str:
    times = exp(case.value("week_to_usual"))
    return f"{times:.0f}x this card's usual amounts in the week before" if times >= 2 else ""


def _say_card(case: _Case) -> str:
    frauds = int(_number(case.value("card_frauds_week")))
    return f"{frauds} confirmed fraud{'s' if frauds > 1 else ''} on this card in the week before" if frauds else ""


def _say_merchant(case: _Case) -> str:
    frauds = int(_number(case.value("merchant_frauds_month")))
    return f"{frauds} recent confirmed fraud{'s' if frauds > 1 else ''} at this merchant" if frauds else ""


def _number(value: float) -> float:
    return 0.0 if isnan(value) else value


_REASONS: tuple[tuple[tuple[str, ...], Callable[[_Case], str]], ...] = (
    (("amount", "category", "evidence", "amount_to_usual"), _say_amount),
    (("evidence_today",), _say_today),
    (("evidence_yesterday",), _say_yesterday),
    (("hour", "half_day_share", "half_day_share_in_category"), _say_hour),
    (("week_to_usual",), _say_week),
    (("card_frauds_week",), _say_card),
    (RISK_FEATURES[1:], _say_merchant),
)


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
