"""The features of a transaction, defined once: training's replay, the stream function and the batch path call this.

They read the transaction, the card's profile and what verdicts and labels say of the card and the merchant
(:mod:`fraud.risk`); of all that only what happened before the transaction, and of verdicts and labels only those given
before it arrived. So a repeat, a retry, or a purchase that comes up to a day late gets the numbers it would have had
in order. Never the wall clock, never the transaction's own label. What is not known is absent (NaN), not zero. No
encoding of merchant, city, state, job or card, and neither the card's age nor its number of purchases, nor that it was
defrauded before: on simulated data those learn the simulator.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, nan
from typing import NamedTuple

from fraud.event import CELLS, CELLS_PER_CATEGORY, DAY, NOON, OTHER, Event
from fraud.profile import Profile
from fraud.risk import LABEL_DELAY_DAYS, MONTH_DAYS, WEEK, Risk

FEATURE_VERSION = 2  # of FEATURES, of how they are computed and of what a profile must hold for them

# What the model reads, in the order of the row.
FEATURES = (
    "amount",  # US dollars
    "category",  # code, see fraud.event.CATEGORIES; NaN: another one
    "hour",  # of the day, UTC
    "age",  # of the customer, years; NaN where the source has none, as the next
    "male",
    "evidence",  # log-odds of fraud of such an amount at this time of day in this category
    "evidence_today",  # the same, summed over the card's purchases earlier this day
    "evidence_yesterday",  # and over those of the day before
    "half_day_share",  # share of the card's purchases in this half of the day, shrunk to a half
    "half_day_share_in_category",  # the same within the category, shrunk to the share over all
    "amount_to_usual",  # log of the amount over the card's usual in this category, shrunk to everybody's
    "week_to_usual",  # log of the card's mean amount in the seven days before over its usual one; NaN: no such purchase
    "card_frauds_week",  # known frauds of the card in the seven days before
    # The merchant's known frauds that neither card nor amount explains; NaN: nothing is known of any merchant.
    "merchant_frauds_week",  # in the two weeks before: with labels a week late, those of one week
    "merchant_frauds_month",  # in the 37 days before
    "merchant_risk_week",  # the same as shares of the purchases a week to two weeks ago, and a week to 37 days ago
    "merchant_risk_month",
    "merchant_fraud_age",  # days since the last one, NaN: none
    "merchant_fraud_span",  # days since the first one in 37 days, NaN: none
    "merchant_genuine_since",  # purchases a week ago and earlier after the last one, NaN: none, or not counted
)
RISK_FEATURES = FEATURES[12:]

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
_MONTH = (LABEL_DELAY_DAYS + MONTH_DAYS) * DAY
_RISK_PRIOR = 0.5  # purchases that a merchant is taken to have more than were counted
_PLAIN_EVIDENCE, _PLAIN_AMOUNT = 1.0, 1.25  # log-odds, and log of the amount over the usual: 3.5 times
_EVIDENCE, _TO_USUAL = FEATURES.index("evidence"), FEATURES.index("amount_to_usual")
_UNKNOWN_MERCHANT = (nan,) * 7
_CLEAN_MERCHANT = (0, 0, 0.0, 0.0, nan, nan, nan)

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


def features(
    profile: Profile,
    event: Event,
    tables: Tables,
    card: Risk | None = None,
    merchant: Risk | None = None,
    arrived: int | None = None,
) -> Row:
    """The row of a transaction, in the order of ``COLUMNS``. Reads the profile, does not add the transaction to it.

    Parameters
    ----------
    profile, event, tables
        The card's state, the transaction as numbers, and the model's tables.
    card, merchant
        What verdicts and labels say of them; None: there are none to be had, which is not the same as nothing bad.
    arrived
        When the transaction arrived, seconds since 1970: what was found later does not count. Its own time if None.

    """
    at, _check, _cents, cell, category, hour, amount, age, male = event
    evidence = tables.evidence
    usual = tables.usual[category]
    today = at - at % DAY
    yesterday = today - DAY
    lately_from, week_from = at - LATELY, today - WEEK
    arrived = at if arrived is None else arrived
    first = category * CELLS_PER_CATEGORY  # the category's cells: first <= cell < beyond
    beyond = first + CELLS_PER_CATEGORY
    evidence_today = evidence_yesterday = 0.0
    spent = lately = week = week_log_cents = 0
    log_cents_before = profile.log_cents
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
        then_log_cents = round(1000 * log(cents or 1))  # in thousandths, as in the habits: sums of integers are exact
        log_cents_before += then_log_cents
        if then >= week_from:
            week += 1
            week_log_cents += then_log_cents
        if first <= cell_then < beyond:
            if then % DAY >= NOON:
                in_category_after += 1
            else:
                in_category_before += 1
            log_cents += then_log_cents
        if then % DAY >= NOON:
            after_noon += 1
        else:
            before_noon += 1

    half, half_in_category = (after_noon, in_category_after) if hour >= 12 else (before_noon, in_category_before)
    bought = before_noon + after_noon
    in_category = in_category_before + in_category_after
    oldest, newest = today // DAY - 7, today // DAY
    for day, (purchases, day_log_cents) in profile.days.items():
        if oldest <= day < newest:
            week += purchases
            week_log_cents += day_log_cents
    log_dollars = log_cents / 1000 - _LOG_100 * in_category
    share = (half + _SHARE_PRIOR) / (bought + 2 * _SHARE_PRIOR)
    return [
        amount,
        nan if category == OTHER else category,
        hour,
        age,
        male,
        evidence[cell],
        evidence_today,
        evidence_yesterday,
        share,
        (half_in_category + _CATEGORY_PRIOR * share) / (in_category + _CATEGORY_PRIOR),
        log(max(amount, 0.01)) - (log_dollars + _USUAL_PRIOR * usual) / (in_category + _USUAL_PRIOR),
        (week_log_cents / week - log_cents_before / bought) / 1000 if week else nan,
        nan if card is None else _frauds_of_card(card, at, arrived),
        *_merchant(merchant, at, arrived),
        lately,
        spent / 100,
        in_category,
    ]


def is_plain(row: Row) -> bool:
    """Whether neither the card's habits nor the amount make a purchase odd: if it is fraud, think of the merchant."""
    return row[_EVIDENCE] < _PLAIN_EVIDENCE and row[_TO_USUAL] < _PLAIN_AMOUNT


def _frauds_of_card(card: Risk, at: int, arrived: int) -> int:
    since = at - WEEK
    return sum(1 for fraud in card.frauds if since <= fraud.at < at and fraud.known <= arrived)


def _merchant(merchant: Risk | None, at: int, arrived: int) -> tuple[float, ...]:
    """The merchant's seven features."""
    if merchant is None:
        return _UNKNOWN_MERCHANT
    since = at - _MONTH
    known = [f.at for f in merchant.frauds if since <= f.at < at and f.known <= arrived and f.plain]
    if not known:
        return _CLEAN_MERCHANT
    first, last = known[0], known[-1]
    month = len(known)
    week = sum(1 for one in known if one >= at - 2 * WEEK)
    age, span = (at - last) / DAY, (at - first) / DAY
    if merchant.days is None:
        return week, month, nan, nan, age, span, nan
    week_purchases = month_purchases = genuine_since = 0
    labelled = at // DAY - LABEL_DELAY_DAYS  # the first day that may still get a label
    last_day = last // DAY
    for day, purchases in merchant.days.items():
        if labelled - MONTH_DAYS <= day < labelled:
            month_purchases += purchases
            if day >= labelled - 7:
                week_purchases += purchases
            if day > last_day:
                genuine_since += purchases
    return (
        week,
        month,
        min(week / (week_purchases + _RISK_PRIOR), 1.0),
        min(month / (month_purchases + _RISK_PRIOR), 1.0),
        age,
        span,
        genuine_since,
    )
