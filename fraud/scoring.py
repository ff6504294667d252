"""Scoring a batch: the one loop that the stream function, the batch path and the evaluation run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from enum import Enum
from typing import NamedTuple

from fraud.event import event_of
from fraud.features import Row, features
from fraud.model import Model
from fraud.profile import Added, Profile
from fraud.risk import NONE, Risk
from shared.transaction.schema import Transaction


class Applied(Enum):
    """The outcome of a transaction in its card's profile."""

    NEW = "new"  # now part of it
    REPEAT = "repeat"  # it was there already: same score as the first time, profile unchanged
    LATE = "late"  # dated before the day before the card's newest: scored with what is known, profile unchanged
    EARLY = "early"  # dated after the caller's limit: scored, profile unchanged, or it would lock out all that follow


_APPLIED = {Added.NEW: Applied.NEW, Added.REPEAT: Applied.REPEAT, Added.LATE: Applied.LATE}


class Known(NamedTuple):
    """What verdicts and labels say, for a batch, and what its source does not say."""

    cards: Mapping[str, Risk] | None = None  # by card_id; None: nothing is known of any card
    merchants: Mapping[str, Risk] | None = None  # by merchant_id
    arrived: Sequence[int] | None = None  # of each transaction, seconds since 1970; its own time if None
    absent: Collection[str] = ()  # fields that the source lacks, see fraud.event
    thresholds: Sequence[float] | None = None  # of each transaction's score; the model's if None


UNKNOWN = Known()


class Scored(NamedTuple):
    """The result for one transaction."""

    score: float  # 0 to 1
    alert: bool  # the score reaches the threshold
    applied: Applied
    row: Row  # the features and facts, for the reasons and for drift
    threshold: float  # the model's, or that of the policy in force
    shadow: float | None = None  # score of the model in shadow mode, if there is one


def score_batch(
    model: Model,
    profiles: MutableMapping[str, Profile],
    transactions: Sequence[Transaction],
    not_after: Sequence[int] | int | None = None,
    shadow: Model | None = None,
    known: Known = UNKNOWN,
) -> list[Scored]:
    """Score transactions in the order given and bring their cards' profiles up to date.

    Parameters
    ----------
    model
        A loaded model.
    profiles
        By ``card_id``; changed in place. A card that is not there is new: it gets an empty profile.
    transactions
        Of any cards. Applying one twice changes nothing and gives the score it had, so a batch may be retried, cut or
        replayed as long as its transactions are less than a day older than their card's newest.
    not_after
        Event time in seconds since 1970 after which a transaction is taken for a clock error, for example the record's
        arrival time plus a day. One for all, or one per transaction, so that it does not depend on how batches are cut.
    shadow
        A second model to score with, from the same profiles; it raises no alerts.
    known
        What verdicts and labels say of the cards and merchants, and the thresholds in force.

    """
    rows: list[Row] = []
    shadow_rows: list[Row] = []
    applied: list[Applied] = []
    tables = model.tables
    limits = not_after if isinstance(not_after, Sequence) else [not_after] * len(transactions)
    cards, merchants = known.cards, known.merchants
    moments = known.arrived if known.arrived is not None else [None] * len(transactions)
    for transaction, limit, moment in zip(transactions, limits, moments, strict=True):
        event = event_of(transaction, known.absent)
        card = None if cards is None else cards.get(transaction.card_id, NONE)
        merchant = None if merchants is None else merchants.get(transaction.merchant_id, NONE)
        profile = profiles.get(transaction.card_id)
        if profile is None:
            profile = profiles[transaction.card_id] = Profile()
        rows.append(features(profile, event, tables, card, merchant, moment))
        if shadow is not None:
            shadow_rows.append(features(profile, event, shadow.tables, card, merchant, moment))
        if limit is not None and event.at > limit:
            applied.append(Applied.EARLY)
        else:
            applied.append(_APPLIED[profile.add(event)])
    thresholds = known.thresholds if known.thresholds is not None else [model.threshold] * len(rows)
    shadows: list[float | None] = [None] * len(rows) if shadow is None else [*shadow.score(shadow_rows)]
    return [
        Scored(score, score >= threshold, what, row, threshold, beside)
        for score, what, row, threshold, beside in zip(
            model.score(rows), applied, rows, thresholds, shadows, strict=True
        )
    ]
