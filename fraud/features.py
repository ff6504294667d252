"""The features of a transaction, defined once: training's replay, the stream function and the batch path call this.

They read the card's profile and the transaction, and of the profile only what happened before the transaction. So a
repeat, a retry, or a purchase that comes up to a day late gets the numbers it would have had in order. Event time
only, never the wall clock, never the label. No encoding of merchant, city, state, job or card, and neither the card's
age nor its number of purchases, nor that it was defrauded before: on simulated data those learn the simulator.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import NamedTuple

from fraud.event import CELLS, CELLS_PER_CATEGORY, DAY, NOON, OTHER, Event
from fraud.profile import Profile

FEATURE_VERSION = 1  # of FEATURES, of how they are computed and of what a profile must hold for them

# What the model reads, in the order of the row.
FEATURES = (
    "amount",  # US dollars
    "category",  # code, see fraud.event.CATEGORIES
    "hour",  # of the day, UTC
    "age",  # of the customer, years
    "male",
    "evidence",  # log-odds of fraud of such an amount at this time of day in this category
    "evidence_today",  # the same, summed over the card's purchases earlier this day
    "evidence_yesterday",  # and over those of the day before
    "half_day_share",  # share of the card's purchases in this half of the day, shrunk to a half
    "half_day_share_in_category",  # the same within the category, shrunk to the share over all
    "amount_to_usual",  # log of the amount over the card's usual in this category, shrunk to everybody's
)

# What only the reasons read: further numbers at the end of the row.
FACTS = (
    "lately",  # purchases in the 8 hours before: "tonight"
    "spent_today",  # US dollars, earlier this day
    "bought_in_category",  # purchases of the card in this category, before this one
)
COLUMNS = FEATURES + FACTS

LATELY = 8 * 3600  # seconds
_SHARE_PRIOR = 2.0  # purchases per half of the day that a card is taken to start with
_CATEGORY_PRIOR = 4.0
_USUAL_PRIOR = 5.0
_LOG_100 = log(100)

Row = list[float]


class Tables(NamedTuple):
    """What features need that training learned. Part of the model's file."""

    evidence: Sequence[float]  # per cell (fraud.event), log-odds against the base rate, clipped; CELLS numbers
    usual: Sequence[float]  # per category, mean of the log of the amount in US dollars; OTHER + 1 numbers

    def check(self) -> None:
        """Raise ``ValueError`` if the tables do not have the shapes the features index."""
        if len(self.evidence) != CELLS or len(self.usual) != OTHER + 1:
            raise ValueError(
                f"got tables of {len(self.evidence)} and {len(self.usual)} numbers, expected {CELLS} and {OTHER + 1}"
            )


def features(profile: Profile, event: Event, tables: Tables) -> Row:
    """The row of a transaction, in the order of ``COLUMNS``. Reads the profile, does not add the transaction to it."""
    at, _check, _cents, cell, category, hour, amount, age, male = event
    evidence = tables.evidence
    usual = tables.usual[category]
    today = at - at % DAY
    yesterday = today - DAY
    lately_from = at - LATELY
    first = category * CELLS_PER_CATEGORY  # the category's cells: first <= cell < beyond
    beyond = first + CELLS_PER_CATEGORY
    evidence_today = evidence_yesterday = 0.0
    spent = lately = 0
    before_noon, after_noon = profile.before_noon, profile.after_noon
    habit = profile.habits.get(category)
    if habit is None:
        in_category_before = in_category_after = log_cents = 0
    else:
        in_category_before, in_category_after, log_cents = habit

    for then, _, cents, cell_then in profile.recent:
        if then >= at:
            break
        if then >= today:
            evidence_today += evidence[cell_then]
            spent += cents
        elif then >= yesterday:
            evidence_yesterday += evidence[cell_then]
        if then >= lately_from:
            lately += 1
        if first <= cell_then < beyond:
            if then % DAY >= NOON:
                in_category_after += 1
            else:
                in_category_before += 1
            log_cents += round(1000 * log(cents or 1))  # in thousandths, as in the habits: sums of integers are exact
        if then % DAY >= NOON:
            after_noon += 1
        else:
            before_noon += 1

    half, half_in_category = (after_noon, in_category_after) if hour >= 12 else (before_noon, in_category_before)
    bought = before_noon + after_noon
    in_category = in_category_before + in_category_after
    log_dollars = log_cents / 1000 - _LOG_100 * in_category
    share = (half + _SHARE_PRIOR) / (bought + 2 * _SHARE_PRIOR)
    return [
        amount,
        category,
        hour,
        age,
        male,
        evidence[cell],
        evidence_today,
        evidence_yesterday,
        share,
        (half_in_category + _CATEGORY_PRIOR * share) / (in_category + _CATEGORY_PRIOR),
        log(max(amount, 0.01)) - (log_dollars + _USUAL_PRIOR * usual) / (in_category + _USUAL_PRIOR),
        lately,
        spent / 100,
        in_category,
    ]
