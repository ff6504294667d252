"""Adds a card key to the stage's secret: in Secrets Manager's own steps, so that two at once cannot lose a key.

The ring grows: the old keys stay, since lookups by card number ask under each. The new one is in force for transactions
from a moment on that is late enough for every container to know it by then.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from shared.card_keys.cache import MAX_AGE_SECONDS, STALE_SECONDS
from shared.card_keys.ring import CardKeys, CardKeysError

CHARACTERS = 64
LEAD = timedelta(seconds=STALE_SECONDS + 2 * MAX_AGE_SECONDS)  # a container's keys are never older
PENDING, CURRENT = "AWSPENDING", "AWSCURRENT"
_ALPHABET = string.ascii_letters + string.digits


class SecretsClient(Protocol):
    """The part of boto3's Secrets Manager client that is used here."""

    exceptions: Any

    def get_secret_value(self, **parameters: Any) -> dict[str, Any]:
        """Give a version."""

    def put_secret_value(self, **parameters: Any) -> dict[str, Any]:
        """Add a version."""

    def update_secret_version_stage(self, **parameters: Any) -> dict[str, Any]:
        """Move a label, if it is where the caller thinks it is."""

    def describe_secret(self, **parameters: Any) -> dict[str, Any]:
        """Which version has which labels."""


class RotationError(Exception):
    """The rotation cannot be done as asked; nothing was changed."""


class Rotated(NamedTuple):
    """The result: the newest key's ID and the event time from which it is in force."""

    key_id: str
    since: str
    keys: int


class Rotation:
    """One rotation of one secret, identified by a token: repeating a step of it changes nothing."""

    def __init__(
        self,
        client: SecretsClient,
        secret_arn: str,
        token: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client, self._secret_arn, self._token, self._now = client, secret_arn, token, now

    def run(self, since: str | None = None, *, early: bool = False) -> Rotated:
        """Do all steps. ``since``: event time from which the new key is in force; by default as soon as it is safe.

        Raises RotationError for a moment that some container would learn of too late (unless ``early``), or that is not
        after the newest key's, or when another rotation is under way.
        """
        self.create(since, early=early)
        self.test()
        return self.finish()

    def create(self, since: str | None = None, *, early: bool = False) -> None:
        """Add a version with one key more, labeled AWSPENDING; nothing when this rotation's is there."""
        if self._pending() is not None:
            return
        soonest = _moment(self._now() + LEAD)
        if since is not None and since < soonest and not early:
            raise RotationError(f"{since} is before {soonest}: until then, some containers may not know the new key")
        ring = self._read(CURRENT)
        try:
            longer = ring.followed_by(_random(), since or max(soonest, _after(ring)))
        except CardKeysError as error:
            raise RotationError(str(error)) from None
        self._client.put_secret_value(
            SecretId=self._secret_arn,
            ClientRequestToken=self._token,
            SecretString=longer.write(),
            VersionStages=[PENDING],
        )

    def test(self) -> None:
        """Raise RotationError unless this rotation's version is the current one and one key more.

        Nor is the trial of a new schedule an error: for it, Secrets Manager asks this step alone, of a version that it
        made itself (a copy of the current one) and removes again.
        """
        ring, current = self._pending(), self._read(CURRENT)
        if ring != current:
            _follows(ring, current)

    def finish(self) -> Rotated:
        """Make this rotation's version the current one; Secrets Manager refuses if another has become it meanwhile."""
        versions = self._versions()
        ring = self._pending()
        if ring is None:
            raise RotationError("this rotation has made no version: rotate again")
        if CURRENT not in versions[self._token]:
            _follows(ring, self._read(CURRENT))
            current = next(version for version, labels in versions.items() if CURRENT in labels)
            self._client.update_secret_version_stage(
                SecretId=self._secret_arn,
                VersionStage=CURRENT,
                MoveToVersionId=self._token,
                RemoveFromVersionId=current,
            )
        return Rotated(ring.newest.id, ring.newest.since, len(ring.keys))

    def _versions(self) -> dict[str, list[str]]:
        return dict(self._client.describe_secret(SecretId=self._secret_arn)["VersionIdsToStages"])

    def _read(self, label: str) -> CardKeys:
        answer = self._client.get_secret_value(SecretId=self._secret_arn, VersionStage=label)
        return CardKeys.read(answer["SecretString"])

    def _pending(self) -> CardKeys | None:
        """Give this rotation's ring; None before there is one: Secrets Manager begins with a version of no value."""
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_arn, VersionId=self._token)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return CardKeys.read(answer["SecretString"])


def _follows(ring: CardKeys | None, current: CardKeys) -> None:
    if ring is None or ring.keys[:-1] != current.keys:
        raise RotationError("the secret was changed meanwhile: rotate again")


def _random() -> bytes:
    return "".join(secrets.choice(_ALPHABET) for _ in range(CHARACTERS)).encode()


def _moment(of: datetime) -> str:
    return of.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _after(ring: CardKeys) -> str:
    """Give the first moment after the newest key's: two rotations within minutes are in force one after the other."""
    if not ring.newest.since:
        return ""
    return _moment(datetime.fromisoformat(ring.newest.since) + timedelta(milliseconds=1))
