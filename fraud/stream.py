"""A batch of the stream against the cards' profiles: what is new is scored once, whatever is delivered how often.

A card's state holds the sequence number of the last record that went into it. A card is always in one shard, or in that
shard's children, whose numbers are higher; so a record at or below that number has been scored, its alerts are stored
(they are written before the state), and it is passed over. Below it a redrive is the one exception: records that were
given up once come back after later ones. They are scored then, and since adding to a profile is idempotent, a redrive
of what was not given up changes no profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fraud.alert import Flagged, alerts
from fraud.model import Model
from fraud.policy import Policy
from fraud.profile import Profile, ProfileError
from fraud.risk import Risk
from fraud.scoring import Applied, Known, Scored, score_batch
from shared.sinks.consumer import Line

NUMBER_WIDTH = 56  # digits; so that sequence numbers compare as texts
CLOCK_ERROR = 86_400  # seconds after its arrival beyond which a transaction is taken to have a wrong date


class Stored(NamedTuple):
    """A card's item as it was read: the packed profile, the last record in it, how many transactions were scored."""

    profile: bytes
    sequence_number: str  # NUMBER_WIDTH digits
    scored: int
    risk: Risk | None = None  # written by verdicts, not here


class Surroundings(NamedTuple):
    """What a batch meets beside its cards' states."""

    merchants: Mapping[str, Risk]  # by merchant_id, of which anything is known
    policy: Policy


NOTHING_KNOWN = Surroundings({}, Policy())


class State(NamedTuple):
    """A card's new state, and what it replaces."""

    card_id: str
    profile: bytes
    sequence_number: str
    scored: int
    scored_before: int  # 0: there was none. It counts up with every write, so it is the version too


@dataclass
class Detection:
    """What a batch comes to: alerts to store first, then states. `counts` by the outcome of each transaction."""

    flagged: list[Flagged] = field(default_factory=list)
    scored: list[tuple[str, Scored]] = field(default_factory=list)  # with their cards, for the drift
    states: list[State] = field(default_factory=list)
    first_new: dict[str, Line] = field(
        default_factory=dict
    )  # by card: in the stream's order, where to start again if its state is not stored
    skipped: int = 0
    reset: int = 0  # profiles of another version, or damaged: reset
    counts: Counter[Applied] = field(default_factory=Counter)


def padded(sequence_number: str) -> str:
    """Give a sequence number in a form that compares as text."""
    return sequence_number.zfill(NUMBER_WIDTH)


def detect(
    model: Model,
    stored: Mapping[str, Stored],
    lines: Sequence[Line],
    shadow: Model | None = None,
    redriven: bool = False,
    surroundings: Surroundings = NOTHING_KNOWN,
) -> Detection:
    """Score the lines that their cards' states do not hold yet, in order.

    Parameters
    ----------
    model, shadow
        The model that decides, and one that only gives its score.
    stored
        By ``card_id``, the states of all the lines' cards; a card that is not there is a new one.
    lines
        Of one shard, in its order. They are scored in that of their own times.
    redriven
        The batch was given up earlier: a higher number in the state does not mean that these lines are in it.
    surroundings
        The known frauds of the lines' merchants, and the thresholds.

    """
    found = Detection()
    new: list[Line] = []
    last: dict[str, str] = {}
    scored: Counter[str] = Counter()
    for line in lines:
        card_id = line.transaction.card_id
        number = padded(line.position.sequence_number)
        before = stored.get(card_id)
        if before is not None and number <= before.sequence_number and not redriven:
            found.skipped += 1
            continue
        new.append(line)
        found.first_new.setdefault(card_id, line)
        last[card_id] = max(number, last.get(card_id, before.sequence_number if before else ""))
        scored[card_id] += 1
    # Senders run side by side: a batch may hold a card's purchases in disorder. In order, each is scored with all
    # that came before it. Purchases of one moment keep the order of their ids, as in training.
    new.sort(key=lambda line: (line.transaction.occurred_at, line.transaction.transaction_id))
    profiles = {card_id: _unpack(stored[card_id], found) for card_id in last if card_id in stored}
    transactions = [line.transaction for line in new]
    moments = [int(line.position.arrived_at.timestamp()) for line in new]
    limits = [moment + CLOCK_ERROR for moment in moments]
    known = Known(
        cards={card_id: risk for card_id in last if card_id in stored and (risk := stored[card_id].risk)},
        merchants=surroundings.merchants,
        arrived=moments,
        thresholds=[
            surroundings.policy.threshold(moment, model.threshold, float(one.amount), one.category)
            for moment, one in zip(moments, transactions, strict=True)
        ],
    )
    results = score_batch(model, profiles, transactions, limits, shadow, known)
    found.counts.update(result.applied for result in results)
    arrived = [line.position.arrived_at.isoformat(timespec="milliseconds").replace("+00:00", "Z") for line in new]
    found.scored = [(line.transaction.card_id, result) for line, result in zip(new, results, strict=True)]
    found.flagged = alerts(model, shadow, results, transactions, arrived)
    for card_id, number in last.items():
        was = stored[card_id].scored if card_id in stored else 0
        found.states.append(State(card_id, profiles[card_id].pack(), number, was + scored[card_id], was))
    return found


def _unpack(stored: Stored, found: Detection) -> Profile:
    """Read a profile. One that this release cannot read is reset to a new card's: it fills within days."""
    try:
        return Profile.unpack(stored.profile)
    except ProfileError:
        found.reset += 1
        return Profile()
