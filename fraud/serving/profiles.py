"""The cards' profiles in DynamoDB: read in batches, written on condition that nobody else has in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from fraud.stream import NUMBER_WIDTH, State, Stored
from shared.retry import Budget
from shared.sinks.bulk_read import KEYS_PER_CALL, ReadClient, read_call
from shared.sinks.conditional import ConditionalWriter, Put, StatementsClient
from shared.sinks.item import Item

THREADS = 4


class ProfilesClient(StatementsClient, ReadClient, Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""


class Damaged(NamedTuple):
    """An item that is no state, and why."""

    item: Item
    reason: str


class Read(NamedTuple):
    """The states by card, the cards that could not be read in time, and how many keys were asked for again."""

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
                    state = _stored(item)
                    of_kind: dict[str, Any] = states if isinstance(state, Stored) else damaged
                    of_kind[item["card_id"]["S"]] = state
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


def _stored(item: Item) -> Stored | Damaged:
    try:
        risk = bytes(item["risk"]["B"]) if "risk" in item else None
        stored = Stored(bytes(item["profile"]["B"]), item["seq"]["S"], int(item["scored"]["N"]), risk)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Damaged(item, f"an attribute is missing or of another type ({type(error).__name__}: {error})")
    number = stored.sequence_number
    if len(number) != NUMBER_WIDTH or not number.isascii() or not number.isdecimal():
        return Damaged(item, f"seq is not a sequence number of {NUMBER_WIDTH} digits")
    if stored.scored < 1:
        return Damaged(item, f"scored is {stored.scored}, expected 1 or more")
    return stored


def _put(state: State, damaged: Damaged | None) -> Put:
    item: Item = {
        "card_id": {"S": state.card_id},
        "profile": {"B": state.profile},
        "seq": {"S": state.sequence_number},
        "scored": {"N": str(state.scored)},
    }
    if damaged is not None:
        # Any attribute that is as it was read shows that nobody has replaced the item since.
        same = next(((name, value) for name, value in damaged.item.items() if name in item and name != "card_id"), None)
        return Put(item, "card_id", same, replaces=True)
    return Put(item, "card_id", ("scored", {"N": str(state.scored_before)}) if state.scored_before else None)
