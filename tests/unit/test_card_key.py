"""The card keys are read once in five minutes, survives a short outage, and are never empty."""

from __future__ import annotations

from typing import Any

import pytest

from shared.card_keys.cache import CardKeyCache, CardKeyError
from shared.card_keys.ring import CardKeys
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.faults import Fault, Kind, Plan
from tests.unit.fakes.shapes import obeys

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:swipeline-test/card-key"


@obeys("secretsmanager")
class FakeSecrets:
    """One secret."""

    def __init__(self, value: str, faults: list[Fault] | None = None) -> None:
        self.value, self.reads = value, 0
        self.plan = Plan(faults or [])

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        assert SecretId == ARN
        self.reads += 1
        self.plan.next("GetSecretValue")
        return {"SecretString": self.value}


def test_the_key_is_read_once_and_again_when_it_is_old() -> None:
    secrets, clock = FakeSecrets("k" * 64), FakeClock()
    key = CardKeyCache(secrets, ARN, clock)
    assert key.get() == key.get() == CardKeys.of(b"k" * 64)
    clock.now = 299
    key.get()
    assert secrets.reads == 1
    secrets.value = "n" * 64
    clock.now = 301
    assert key.get() == CardKeys.of(b"n" * 64)


def test_an_outage_shorter_than_an_hour_is_bridged_without_a_try_per_request() -> None:
    secrets, clock = FakeSecrets("k" * 64), FakeClock()
    key = CardKeyCache(secrets, ARN, clock)
    key.get()
    secrets.plan = Plan(always=Fault(Kind.TIMED_OUT))
    clock.now = 400
    assert [key.get() for _ in range(5)] == [CardKeys.of(b"k" * 64)] * 5
    assert secrets.reads == 2
    clock.now = 3700
    with pytest.raises(CardKeyError):
        key.get()


def test_a_revoked_permission_is_not_bridged() -> None:
    secrets, clock = FakeSecrets("k" * 64), FakeClock()
    key = CardKeyCache(secrets, ARN, clock)
    key.get()
    secrets.plan = Plan(always=Fault(Kind.DENIED))
    clock.now = 400
    with pytest.raises(CardKeyError):
        key.get()


@pytest.mark.parametrize("kind", [Kind.DENIED, Kind.THROTTLED, Kind.TIMED_OUT])
def test_without_a_key_there_is_an_error_that_says_later(kind: Kind) -> None:
    with pytest.raises(CardKeyError):
        CardKeyCache(FakeSecrets("k" * 64, [Fault(kind)]), ARN).get()


@pytest.mark.parametrize("value", ["", "short", "k" * 31])
def test_a_key_that_is_too_short_to_protect_anything_is_refused(value: str) -> None:
    with pytest.raises(CardKeyError, match="fewer than 32"):
        CardKeyCache(FakeSecrets(value), ARN).get()
