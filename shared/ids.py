"""Derived ids: the same input gives the same id, on the stream and in the batch job alike."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

MERCHANT_PREFIX = "fraud_"  # noise of the Kaggle data set: every merchant has it

_SEPARATOR = "\x1f"  # a control character, which no validated text holds: ("ab", "c") and ("a", "bc") differ
_CACHED_KEYS = 8
_CACHED_IDS = 8192


@lru_cache(_CACHED_KEYS)
def _keyed(key: bytes) -> hmac.HMAC:
    if not key:
        raise ValueError("the card key is empty: read it from the stage's secret")
    return hmac.new(key, digestmod=hashlib.sha256)


def card_id(key: bytes, card_number: str) -> str:
    """Tokenise a card number (digits only): HMAC-SHA256 under the stage's key, first 128 bits as 32 hex digits.

    A plain hash would be no protection: all card numbers can be tried in minutes. Raises ValueError if the key is empty.
    """
    mac = _keyed(key).copy()
    mac.update(card_number.encode("ascii"))
    return mac.hexdigest()[:32]


@lru_cache(_CACHED_IDS)
def customer_id(key: bytes, first: str, last: str, gender: str, dob: str, street: str, zip: str) -> str:
    """Give 16 hex digits for who the customer is: a keyed hash of canonical values, as the data set has no customer id."""
    mac = _keyed(key).copy()
    mac.update(_SEPARATOR.join(("customer", first, last, gender, dob, street, zip)).encode())
    return mac.hexdigest()[:16]


def merchant_name(raw: str) -> str:
    """Take the data set's ``fraud_`` prefix and surrounding white space off a merchant's name."""
    name = raw.strip()
    while name.startswith(MERCHANT_PREFIX):
        name = name[len(MERCHANT_PREFIX) :].lstrip()
    return name


@lru_cache(_CACHED_IDS)
def merchant_id(name: str) -> str:
    """Give 16 hex digits for a merchant's name; the prefix, case and the width of white space make no difference."""
    normalised = " ".join(merchant_name(name).casefold().split())
    return hashlib.sha256(f"merchant{_SEPARATOR}{normalised}".encode()).hexdigest()[:16]


def content_id(*canonical: str) -> str:
    """Give 32 hex digits for a transaction without a ``trans_num``: a hash of its canonical values.

    A resend has the same id, so it never becomes a second transaction; two true purchases that agree in every
    value, time included, cannot be told apart, which is why senders should send ``trans_num``.
    """
    return hashlib.sha256(_SEPARATOR.join(("transaction", *canonical)).encode()).hexdigest()[:32]
