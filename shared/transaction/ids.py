"""Derived ids: the same input gives the same id, on the stream and in the batch job alike."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from typing import Any

MERCHANT_PREFIX = "fraud_"  # noise of the Kaggle data set: every merchant has it

_SEPARATOR = "\x1f"  # a control character, which no validated text holds: ("ab", "c") and ("a", "bc") differ
_BLOCK = 64  # bytes, SHA-256's
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_CACHED_KEYS = 8
_CACHED_IDS = 8192  # bounds what a warm function remembers


def require_key(key: bytes) -> bytes:
    """Give the key back, or raise ValueError: without one every card id could be computed by anyone."""
    if not isinstance(key, bytes) or not key:
        raise ValueError("the card key must be bytes, and not empty: read it from the stage's secret")
    return key


@lru_cache(_CACHED_KEYS)
def _keyed(key: bytes) -> tuple[Any, Any]:
    """Give the two hashes that HMAC begins with; Python's own hmac takes twice the time to copy and finish them."""
    require_key(key)
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return hashlib.sha256(block.translate(_INNER)), hashlib.sha256(block.translate(_OUTER))


def _hmac_sha256(key: bytes, message: bytes) -> str:
    """Give HMAC-SHA256 as hex digits: https://www.rfc-editor.org/rfc/rfc2104#section-2."""
    begun_inner, begun_outer = _keyed(key)
    inner, outer = begun_inner.copy(), begun_outer.copy()
    inner.update(message)
    outer.update(inner.digest())
    digits: str = outer.hexdigest()
    return digits


def card_id(key: bytes, card_number: str) -> str:
    """Tokenise a card number (digits only): HMAC-SHA256 under the stage's key, first 128 bits as 32 hex digits.

    A plain hash would be no protection: all card numbers can be tried in minutes. Raises ValueError without a key.
    """
    return _hmac_sha256(key, card_number.encode("ascii"))[:32]


@lru_cache(_CACHED_IDS)
def customer_id(key: bytes, first: str, last: str, gender: str, dob: str, street: str, zip: str) -> str:
    """Give 16 hex digits for who the customer is, as the data set has no customer id: a keyed hash of canonical values.

    Who moves house or changes their name is a new customer. Raises ValueError without a key.
    """
    return _hmac_sha256(key, _SEPARATOR.join(("customer", first, last, gender, dob, street, zip)).encode())[:16]


@lru_cache(_CACHED_IDS)
def merchant_name(raw: str) -> str:
    """Take the data set's ``fraud_`` prefix and surrounding white space off a merchant's name; in NFC."""
    name = raw.strip() if raw.isascii() else unicodedata.normalize("NFC", raw).strip()
    while name.startswith(MERCHANT_PREFIX):
        name = name[len(MERCHANT_PREFIX) :].lstrip()
    return name


@lru_cache(_CACHED_IDS)
def merchant_id(name: str) -> str:
    """Give 16 hex digits for a merchant's name; the prefix, case and the width of white space make no difference."""
    normalised = unicodedata.normalize("NFC", " ".join(merchant_name(name).casefold().split()))
    return hashlib.sha256(f"merchant{_SEPARATOR}{normalised}".encode()).hexdigest()[:16]


def content_id(*canonical: str) -> str:
    """Give 32 hex digits for a transaction without a ``trans_num``: a hash of its canonical values.

    A resend has the same id, so it never becomes a second transaction; two true purchases that agree in every
    value, time included, cannot be told apart, which is why senders should send ``trans_num``.
    """
    return hashlib.sha256(_SEPARATOR.join(("transaction", *canonical)).encode()).hexdigest()[:32]
