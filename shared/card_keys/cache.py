"""The stage's card keys: read from Secrets Manager, kept per container for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from shared.aws import is_transient
from shared.card_keys.ring import CardKeys, CardKeysError
from shared.errors import TransientError

MAX_AGE_SECONDS = 300.0
STALE_SECONDS = 3600.0  # how old the keys may be while Secrets Manager is away; a new one is announced longer before
RETRY_SECONDS = 15.0  # how long a failed refresh is not tried again


class SecretsClient(Protocol):
    """The part of boto3's Secrets Manager client that is used here."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        """Give the secret's current version."""


class CardKeyError(TransientError):
    """The card keys cannot be read now, so no card number can be replaced and no row accepted."""


class CardKeyCache:
    """The stage's card keys, as this container knows them."""

    def __init__(
        self,
        client: SecretsClient,
        secret_arn: str,
        clock: Callable[[], float] = time.monotonic,
        max_age_seconds: float = MAX_AGE_SECONDS,
    ) -> None:
        self._client, self._secret_arn, self._clock, self._max_age = client, secret_arn, clock, max_age_seconds
        self._keys: CardKeys | None = None
        self._read_at = self._next_read_at = float("-inf")

    def get(self) -> CardKeys:
        """Give the keys, at most five minutes old; up to an hour while Secrets Manager throttles or is away.

        Raises CardKeyError when there are none: also when access is denied, since for the sender that is "not now" too.
        """
        now = self._clock()
        if self._keys and now < self._next_read_at:
            return self._keys
        try:
            text = self._client.get_secret_value(SecretId=self._secret_arn).get("SecretString", "")
        except Exception as error:
            if self._keys and is_transient(error) and now - self._read_at < STALE_SECONDS:
                self._next_read_at = now + RETRY_SECONDS
                return self._keys
            raise CardKeyError("the card keys cannot be read") from error
        try:
            self._keys = CardKeys.read(text)
        except CardKeysError as error:
            raise CardKeyError(str(error)) from None
        self._read_at, self._next_read_at = now, now + self._max_age
        return self._keys
