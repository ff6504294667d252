"""History from the transactions that a stage stored, with the labels and verdicts that are known by now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from fraud.event import Event, event_of
from fraud.history import EVENT_TYPES, History
from fraud.labels import HistoryError
from fraud.risk import Risk
from shared.transaction.schema import Transaction


class Labels(NamedTuple):
    """What is known of a stage's transactions. A verdict counts before all else; what nobody named is genuine."""

    verdicts: Mapping[str, bool]  # by transaction_id, whether it was fraud
    frauds: frozenset[str]  # transaction_ids that the warehouse has as fraud
    cards: Mapping[str, Risk]  # by card_id: its known frauds, also those that raised no alert

    def is_fraud(self, transaction: Transaction, event: Event) -> bool:
        """Whether a transaction is fraud as far as anybody knows."""
        said = self.verdicts.get(transaction.transaction_id)
        if said is not None:
            return said
        if transaction.transaction_id in self.frauds:
            return True
        card = self.cards.get(transaction.card_id)
        return card is not None and any(one.at == event.at and one.check == event.check for one in card.frauds)


class _Kept(NamedTuple):
    """What is kept of a transaction; sorts by time, then id."""

    occurred_at: str
    transaction_id: str
    event: Event
    card: int
    merchant: int
    fraud: bool
    population: int


def stored_history(transactions: Iterable[Transaction], labels: Labels) -> History:
    """Make a history of transactions in any order; one that comes twice is taken once. About 600 bytes each.

    Raises
    ------
    HistoryError
        If there are none.

    """
    cards: dict[str, int] = {}
    merchants: dict[str, int] = {}
    kept: dict[str, _Kept] = {}
    for one in transactions:
        if one.transaction_id in kept:
            continue
        event = event_of(one)
        kept[one.transaction_id] = _Kept(
            one.occurred_at,
            one.transaction_id,
            event,
            cards.setdefault(one.card_id, len(cards)),
            merchants.setdefault(one.merchant_id, len(merchants)),
            labels.is_fraud(one, event),
            int(one.city_population),
        )
    if not kept:
        raise HistoryError("no transaction is stored for these days")
    rows = sorted(kept.values())
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.transaction_id} {int(row.fraud)}\n".encode())
    columns = zip(*(row.event for row in rows), strict=True)
    events = {name: np.array(values, EVENT_TYPES[name]) for name, values in zip(Event._fields, columns, strict=True)}
    return History(
        events,
        np.array([row.card for row in rows], np.int64),
        np.array([row.merchant for row in rows], np.int64),
        np.array([row.fraud for row in rows], np.int64),
        np.array([row.population for row in rows], np.int64),
        digest.hexdigest(),
    )


def split(history: History, at: int) -> tuple[History, History]:
    """Cut a history at a second: what happened before it, and the rest."""
    early = history.events["at"] < at
    return history.where(early), history.where(~early)
