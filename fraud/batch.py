"""The batch path's scores: a whole history at once, in order of time, by the loop that the stream function runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from sys import intern
from typing import Any

from fraud.model import Model
from fraud.profile import Profile
from fraud.scoring import UNKNOWN, Known, Scored, score_batch
from shared.transaction.schema import Transaction

BATCH = 500
_BLANK: dict[str, Any] = dict.fromkeys(Transaction._fields, "")


def slim(transaction: Transaction) -> Transaction:
    """Leave what scoring reads: about half a KB, so that a million and a half fit in a GB."""
    return Transaction(
        **_BLANK
        | {
            "transaction_id": transaction.transaction_id,
            "occurred_at": transaction.occurred_at,
            "card_id": intern(transaction.card_id),
            "merchant_id": intern(transaction.merchant_id),
            "category": intern(transaction.category),
            "amount": transaction.amount,
            "gender": intern(transaction.gender),
            "date_of_birth": intern(transaction.date_of_birth),
        }
    )


def in_order(transactions: Iterable[Transaction]) -> list[Transaction]:
    """Give the order of training and of the stream: by time, then id. A transaction that comes twice is taken once."""
    known: set[str] = set()
    once: list[Transaction] = []
    for transaction in transactions:
        if transaction.transaction_id not in known:
            known.add(transaction.transaction_id)
            once.append(slim(transaction))
    once.sort(key=lambda one: (one.occurred_at, one.transaction_id))
    return once


def score(
    model: Model,
    transactions: Sequence[Transaction],
    profiles: MutableMapping[str, Profile] | None = None,
    batch: int = BATCH,
    known: Known = UNKNOWN,
) -> Iterator[tuple[str, Scored]]:
    """Give (transaction id, result) of transactions in order; cards start as ``profiles`` say, or empty.

    ``known`` holds for all of them: states of cards and merchants, and the fields that their source lacks.
    """
    profiles = {} if profiles is None else profiles
    for start in range(0, len(transactions), batch):
        part = transactions[start : start + batch]
        yield from zip(
            (one.transaction_id for one in part), score_batch(model, profiles, part, known=known), strict=True
        )
