"""The key of the card ids: read from Secrets Manager, kept per container for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from shared.aws import is_transient
from shared.errors import TransientError

MAX_AGE_SECONDS = 300.0
STALE_SECONDS = 3600.0  # how old a key may be while Secrets Manager is away
RETRY_SECONDS = 15.0  # how long a failed refresh is not tried again
MIN_CHARACTERS = 32


class SecretsClient(Protocol):
    """The part of boto3's Secrets Manager client that is used here."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        """Give the secret's current version."""


class CardKeyError(TransientError):
    """The card key cannot be read now, so no card number can be replaced and no row accepted."""


class CardKey:
    """The stage's card key: a plain string of at least 32 characters."""

    def __init__(self, client: SecretsClient, secret_arn: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._secret_arn, self._clock = client, secret_arn, clock
        self._value = b""
        self._read_at = self._next_read_at = float("-inf")

    def get(self) -> bytes:
        """Give the key, at most five minutes old; up to an hour while Secrets Manager throttles or is away.

        Raises CardKeyError when there is none: also when access is denied, since for the sender that is "not now" too.
        """
        now = self._clock()
        if self._value and now < self._next_read_at:
            return self._value
        try:
            value = self._client.get_secret_value(SecretId=self._secret_arn).get("SecretString", "").encode()
        except Exception as error:
            if self._value and is_transient(error) and now - self._read_at < STALE_SECONDS:
                self._next_read_at = now + RETRY_SECONDS
                return self._value
            raise CardKeyError("the card key cannot be read") from error
        if len(value) < MIN_CHARACTERS:
            raise CardKeyError(f"the card key has fewer than {MIN_CHARACTERS} characters")
        self._value, self._read_at, self._next_read_at = value, now, now + MAX_AGE_SECONDS
        return self._value
