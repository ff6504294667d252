"""What is known of cards and merchants in the course of a labelled history: each label becomes known after a delay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from fraud.event import DAY, Event
from fraud.features import Row, Tables, features, is_plain
from fraud.history import History
from fraud.profile import Profile
from fraud.risk import LABEL_DELAY_DAYS, Fraud, Risk

_SPREAD = 0x9E3779B1  # a multiplicative hash (Knuth, The Art of Computer Programming 3, 6.4)


@dataclass(frozen=True)
class Knowledge:
    """When labels become known, and of how many cards and merchants nothing ever is.

    The defaults are a bank without reviewers: each fraud is reported a week later. ``fast`` is the share of frauds
    that a reviewer confirms within a day; ``blind`` the share of cards for whose transactions there is no risk state,
    so that a model learns to do without."""

    delay_days: float = LABEL_DELAY_DAYS
    fast: float = 0.0
    blind: float = 0.0

    def known_at(self, event: Event) -> int:
        """When the label of a fraud becomes known; the same for the same transaction."""
        draw = _share(event.check)
        if draw < self.fast:
            return event.at + 3600 + int(draw / self.fast * (DAY - 3600))
        return event.at + int(self.delay_days * DAY)

    def is_blind(self, card: int) -> bool:
        """Whether nothing is known for this card's transactions."""
        return _share(card + 1) < self.blind


A_WEEK_LATE = Knowledge()


class Course:
    """Profiles and risk states in the course of a history, for the loops of training and evaluation."""

    def __init__(self, knowledge: Knowledge = A_WEEK_LATE) -> None:
        self._knowledge = knowledge
        self._profiles: dict[int, Profile] = defaultdict(Profile)
        self._cards: dict[int, Risk] = defaultdict(Risk)
        self._merchants: dict[int, Risk] = defaultdict(Risk)

    def rows(
        self, history: History, tables: Tables | Sequence[Tables], choice: Iterable[int] | None = None
    ) -> Iterator[Row]:
        """The rows of a history in order; with several tables, each row takes the one that its choice numbers."""
        several = [tables] if isinstance(tables, Tables) else tables
        chosen = repeat(0, len(history)) if choice is None else choice
        for (card, merchant, fraud, event), which in zip(history.replay(), chosen, strict=True):
            profile, of_card, of_merchant = self._met(card, merchant)
            row = features(profile, event, several[which], of_card, of_merchant)
            self._add(card, merchant, fraud, event, row)
            yield row

    def _met(self, card: int, merchant: int) -> tuple[Profile, Risk | None, Risk | None]:
        """The states that a transaction meets."""
        profile = self._profiles[card]
        if self._knowledge.blind and self._knowledge.is_blind(card):
            return profile, None, None
        return profile, self._cards[card], self._merchants[merchant]

    def _add(self, card: int, merchant: int, fraud: int, event: Event, row: Row) -> None:
        """Go past a transaction: its label counts for what comes after it is known."""
        self._profiles[card].add(event)
        self._merchants[merchant].purchase(event.at // DAY)
        if fraud:
            known = Fraud(event.at, self._knowledge.known_at(event), event.check, is_plain(row))
            self._cards[card].mark(known)
            self._merchants[merchant].mark(known)


def _share(number: int) -> float:
    return (number * _SPREAD & 0xFFFFFFFF) / 2**32
