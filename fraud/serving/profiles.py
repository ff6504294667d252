"""The cards' profiles in DynamoDB: read in batches, written on condition that nobody else has in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

from fraud.risk import Risk
from fraud.serving.damaged import Damaged, risk_of
from fraud.stream import NUMBER_WIDTH, State, Stored
from shared.retry import Budget
from shared.sinks.bulk_read import KEYS_PER_CALL, ReadClient, read_call
from shared.sinks.conditional import ConditionalWriter, Put, StatementsClient
from shared.sinks.item import Item

THREADS = 4


class ProfilesClient(StatementsClient, ReadClient, Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""


class Read(NamedTuple):
    """The states by card, damaged items, the cards that could not be read in time, and how many keys were asked again.

    A card whose known frauds alone are damaged has a state, too.
    """

    states: dict[str, Stored]
    damaged: dict[str, Damaged]
    unread: set[str]
    retried: int


class Written(NamedTuple):
    """The cards whose state is not stored, and how many puts were repeated."""

    failed: set[str]
    retried: int


class Profiles:
    """The table of profiles: one item per card."""

    def __init__(self, client: ProfilesClient, name: str, threads: int = THREADS) -> None:
        self._client, self._name, self._threads = client, name, threads
        self._writer = ConditionalWriter(client, name, threads)

    def read(self, card_ids: Iterable[str], budget: Budget) -> Read:
        """Read the states of cards, no two the same. Raises ClientError on terminal errors (no such table)."""
        wanted = list(card_ids)
        if not wanted:
            return Read({}, {}, set(), 0)
        calls = [wanted[start : start + KEYS_PER_CALL] for start in range(0, len(wanted), KEYS_PER_CALL)]
        states: dict[str, Stored] = {}
        damaged: dict[str, Damaged] = {}
        unread: set[str] = set()
        retried = 0
        with ThreadPoolExecutor(min(self._threads, len(calls))) as pool:
            for items, left, repeats in pool.map(lambda call: self._read_call(call, budget), calls):
                for item in items:
                    card_id, (state, wrong) = item["card_id"]["S"], _stored(item)
                    if state is not None:
                        states[card_id] = state
                    if wrong is not None:
                        damaged[card_id] = wrong
                unread.update(left)
                retried += repeats
        return Read(states, damaged, unread, retried)

    def write(self, states: Iterable[State], budget: Budget, damaged: Mapping[str, Damaged] | None = None) -> Written:
        """Write states, no two of one card. One that changed since it was read is not replaced, and counts as failed.

        A card with a ``damaged`` item gets its new state in that item's place.

        Raises ClientError on what no retry can fix.
        """
        outcome = self._writer.write([_put(state, (damaged or {}).get(state.card_id)) for state in states], budget)
        return Written({put.item["card_id"]["S"] for put in outcome.refused + outcome.unstored}, outcome.retried)

    def _read_call(self, card_ids: list[str], budget: Budget) -> tuple[list[Item], list[str], int]:
        keys: list[Item] = [{"card_id": {"S": card_id}} for card_id in card_ids]
        # Consistent: what the last invocation wrote must be seen, or its records would be scored again.
        found, left, retried = read_call(self._client, self._name, keys, budget, consistent=True)
        return found, [key["card_id"]["S"] for key in left], retried


def _stored(item: Item) -> tuple[Stored | None, Damaged | None]:
    """Give an item's state, as far as it can be read, and what is wrong with the item."""
    risk, of_risk = risk_of(item)
    state, reason = _state(item, risk)
    reasons = [one for one in (reason, of_risk) if one]
    return state, Damaged(item, "; ".join(reasons), risk=bool(of_risk)) if reasons else None


def _state(item: Item, risk: Risk | None) -> tuple[Stored | None, str]:
    try:
        stored = Stored(bytes(item["profile"]["B"]), item["seq"]["S"], int(item["scored"]["N"]), risk)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return None, f"an attribute is missing or of another type ({type(error).__name__}: {error})"
    number = stored.sequence_number
    if len(number) != NUMBER_WIDTH or not number.isascii() or not number.isdecimal():
        return None, f"seq is not a sequence number of {NUMBER_WIDTH} digits"
    if stored.scored < 1:
        return None, f"scored is {stored.scored}, expected 1 or more"
    return stored, ""


def _put(state: State, damaged: Damaged | None) -> Put:
    item: Item = {
        "card_id": {"S": state.card_id},
        "profile": {"B": state.profile},
        "seq": {"S": state.sequence_number},
        "scored": {"N": str(state.scored)},
    }
    if damaged is not None and damaged.risk:
        return Put(item | {"risk": {"B": Risk().pack()}}, "card_id", ("risk", damaged.item["risk"]))
    if damaged is not None:
        # Any attribute that is as it was read shows that nobody has replaced the item since.
        same = next(((name, value) for name, value in damaged.item.items() if name in item and name != "card_id"), None)
        return Put(item, "card_id", same, replaces=True)
    return Put(item, "card_id", ("scored", {"N": str(state.scored_before)}) if state.scored_before else None)
