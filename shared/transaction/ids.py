"""Derived ids: the same input gives the same id, on the stream and in the batch job alike. docs/ids.md has vectors."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from functools import lru_cache

from shared.transaction.kinds import merchant_name

_SEPARATOR = "\x1f"  # a control character, which no validated text holds: ("ab", "c") and ("a", "bc") differ


def _hmac_sha256(key: bytes, message: bytes) -> str:
    if not isinstance(key, bytes) or not key:  # without one every card id could be computed by anyone
        raise ValueError("the card key must be bytes, and not empty: read it from the stage's secret")
    return hmac.digest(key, message, "sha256").hex()


def card_id(key: bytes, card_number: str) -> str:
    """Tokenize a card number (digits only): HMAC-SHA256 under the stage's key, first 128 bits as 32 hex digits.

    A plain hash would be no protection: all card numbers can be tried in minutes. Raises ValueError without a key.
    """
    return _hmac_sha256(key, card_number.encode("ascii"))[:32]


def customer_id(key: bytes, first: str, last: str, gender: str, dob: str, street: str, zip: str) -> str:
    """Give 16 hex digits for who the customer is, as the data set has no customer id: a keyed hash of canonical values.

    A customer who moves house or changes their name is a new customer. Raises ValueError without a key.
    """
    return _hmac_sha256(key, _SEPARATOR.join(("customer", first, last, gender, dob, street, zip)).encode())[:16]


@lru_cache(8192)  # bounds what a warm function remembers
def merchant_id(name: str) -> str:
    """Give 16 hex digits for a merchant's name; the prefix, case and the width of white space make no difference."""
    normalized = unicodedata.normalize("NFC", " ".join(merchant_name(name).casefold().split()))
    return hashlib.sha256(f"merchant{_SEPARATOR}{normalized}".encode()).hexdigest()[:16]


def content_id(*canonical: str) -> str:
    """Give 32 hex digits for a transaction without a ``trans_num``: a hash of its canonical values.

    A resend has the same id, so it never becomes a second transaction; two true purchases that agree in every
    value, time included, cannot be distinguished, so senders should send ``trans_num``.
    """
    return hashlib.sha256(_SEPARATOR.join(("transaction", *canonical)).encode()).hexdigest()[:32]
