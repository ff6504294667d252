"""The cursor of a page: opaque, and good only for the query that issued it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Protocol

from functions.query_transactions.refusal import bad
from shared.card_keys.ring import CardKeys

MAC_BYTES = 16
_PURPOSE = b"swipeline cursor 1"  # the card key signs nothing itself: each use has a key of its own


class CursorError(ValueError):
    """The cursor was changed, is of another query, or was issued under another key."""


def seal(card_key: bytes, query: Sequence[str], position: Sequence[str]) -> str:
    """Give a cursor for a position, bound to a query: both are lists of text, whatever they mean."""
    payload = json.dumps(list(position), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(card_key, query, payload) + payload).rstrip(b"=").decode()


def unseal(card_key: bytes, query: Sequence[str], cursor: str) -> list[str]:
    """Give the position that a cursor holds. Raises CursorError unless this very query issued it."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorError from None
    mac, payload = data[:MAC_BYTES], data[MAC_BYTES:]
    # The same bytes have several base64 forms, which differ in bits that carry nothing: only ours is taken.
    if not hmac.compare_digest(mac, _mac(card_key, query, payload)) or _plain(data) != cursor:
        raise CursorError
    position: list[str] = json.loads(payload)
    return position


def _plain(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _mac(card_key: bytes, query: Sequence[str], payload: bytes) -> bytes:
    key = hmac.digest(card_key, _PURPOSE, hashlib.sha256)
    asked = json.dumps(list(query), separators=(",", ":")).encode()
    return hmac.digest(key, len(asked).to_bytes(4, "big") + asked + payload, hashlib.sha256)[:MAC_BYTES]


class CardKeyPort(Protocol):
    """The keys of the card ids: :class:`shared.card_keys.cache.CardKeyCache`."""

    def get(self) -> CardKeys:
        """Give the keys, or raise TransientError."""


class Cursors:
    """The cursors of a stage's queries, under its oldest card key: fetched only when there is one to make or read."""

    def __init__(self, card_key: CardKeyPort) -> None:
        self._card_key = card_key

    def open(self, query: Sequence[str], cursor: str | None) -> list[str] | None:
        """Give the position that a cursor holds. Raises RefusalError if this query did not issue it."""
        if cursor is None:
            return None
        try:
            return unseal(self._card_key.get().anchor, query, cursor)
        except CursorError:
            raise bad("cursor", "is not one that this query has issued: leave it out to start anew") from None

    def seal(self, query: Sequence[str], position: Sequence[str] | None) -> str | None:
        """Give the cursor of a position, or None where there is no next page."""
        return None if position is None else seal(self._card_key.get().anchor, query, position)
