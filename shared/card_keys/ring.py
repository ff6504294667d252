"""The stage's card keys, the one in force now and those before it: which of them a transaction's card id is made with.

A key is in force for a stretch of event time, not from the moment at which somebody rotated it: a transaction has one
card id, however late, and by whichever path, it comes (again). docs/decisions.md, 19.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.transaction.ids import card_id

MIN_CHARACTERS = 32
KEY_ID = r"[1-9][0-9]{0,7}"
BEGINNING = ""  # sorts before every moment
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


class CardKeysError(ValueError):
    """The secret does not hold a ring of card keys; the message quotes none of it."""


@dataclass(frozen=True)
class CardKey:
    """One key: its id, itself, and the event time (as ``occurred_at`` is written) from which it is in force."""

    id: str
    secret: bytes
    since: str = BEGINNING

    def __repr__(self) -> str:
        """Leave out the key: this ends up in tracebacks."""
        return f"CardKey({self.id!r}, since={self.since!r})"


@dataclass(frozen=True)
class CardKeys:
    """All card keys of a stage, the oldest first; ids and moments grow along."""

    keys: tuple[CardKey, ...]

    def __post_init__(self) -> None:
        """Raise CardKeysError if there is none, or one that protects nothing, or they are out of order."""
        if not self.keys:
            raise CardKeysError("there is no card key")
        for key in self.keys:
            if len(key.secret) < MIN_CHARACTERS:
                raise CardKeysError(f"card key {key.id} has fewer than {MIN_CHARACTERS} characters")
            if not re.fullmatch(KEY_ID, key.id):
                raise CardKeysError("a card key's id is a number from 1")
        if self.keys[0].since != BEGINNING:
            raise CardKeysError("the oldest card key must be in force from the beginning")
        for before, after in zip(self.keys, self.keys[1:], strict=False):
            if int(before.id) >= int(after.id) or not _MOMENT.fullmatch(after.since) or before.since >= after.since:
                raise CardKeysError(f"card key {after.id} must come after {before.id}, by its id and its moment")

    @classmethod
    def of(cls, secret: bytes) -> CardKeys:
        """Make a ring of one key."""
        return cls((CardKey("1", secret),))

    @classmethod
    def read(cls, text: str) -> CardKeys:
        """Read the secret's text: ``{"1": "<key>", "2": {"key": "<key>", "from": "2027-01-01T00:00:00.000Z"}}``.

        A text that is no JSON object is the one key. Raises CardKeysError.
        """
        if not text.startswith("{"):
            return cls.of(text.encode())
        try:
            found = json.loads(text)
            return cls(tuple(_key(name, value) for name, value in found.items()))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise CardKeysError("the card keys' secret is not JSON of the form that is expected") from None

    def write(self) -> str:
        """Give the text that :meth:`read` takes."""
        ring: dict[str, Any] = {self.keys[0].id: self.keys[0].secret.decode()}
        ring |= {key.id: {"key": key.secret.decode(), "from": key.since} for key in self.keys[1:]}
        return json.dumps(ring)

    def at(self, occurred_at: str) -> CardKey:
        """Give the key in force at an event time."""
        for key in reversed(self.keys):
            if occurred_at >= key.since:
                return key
        raise AssertionError("the oldest key is in force from the beginning")

    @property
    def anchor(self) -> bytes:
        """The oldest key, which keys what must outlive a rotation, and what no card number is in: customer ids."""
        return self.keys[0].secret

    @property
    def newest(self) -> CardKey:
        """The last of them, in force or about to be."""
        return self.keys[-1]

    def followed_by(self, secret: bytes, since: str) -> CardKeys:
        """Give a ring with one key more. Raises CardKeysError unless ``since`` is after all moments there are."""
        return CardKeys((*self.keys, CardKey(str(int(self.newest.id) + 1), secret, since)))

    def card_ids(self, number: str) -> Iterator[str]:
        """Give all ids that a card number has had, the newest first."""
        return (card_id(key.secret, number) for key in reversed(self.keys))


def _key(name: str, value: Any) -> CardKey:
    if isinstance(value, str):
        return CardKey(name, value.encode())
    return CardKey(name, value["key"].encode(), value["from"])
