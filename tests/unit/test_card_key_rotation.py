"""A rotation adds one key, once, however often a step is repeated; two at the same time cannot lose one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.rotate_card_key.rotation import Rotation, RotationError
from handlers import rotate_card_key
from shared.aws import client
from shared.card_keys.cache import MAX_AGE_SECONDS, STALE_SECONDS
from shared.card_keys.ring import CardKeys

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOONEST = "2026-11-01T13:10:00.000Z"


class Secret:
    """The stage's secret, in moto's Secrets Manager."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager", region_name="us-east-1")
        made = self.client.create_secret(Name="swipeline-test/card-key", SecretString='{"1": "%s"}' % ("k" * 64))
        self.arn = made["ARN"]

    def ring(self) -> CardKeys:
        return CardKeys.read(self.client.get_secret_value(SecretId=self.arn, VersionStage="AWSCURRENT")["SecretString"])

    def rotation(self, token: str | None = None) -> Rotation:
        return Rotation(self.client, self.arn, token or str(uuid.uuid4()), lambda: NOW)


@pytest.fixture
def secret() -> Iterator[Secret]:
    with mock_aws():
        yield Secret()


def test_a_rotation_adds_a_key_that_every_container_knows_in_time(secret: Secret) -> None:
    done = secret.rotation().run()
    ring = secret.ring()
    assert done == ("2", SOONEST, 2)
    assert ring.keys[0].secret == b"k" * 64
    assert len(ring.newest.secret) == 64
    assert ring.newest.secret != ring.keys[0].secret
    lead = datetime.fromisoformat(ring.newest.since) - NOW
    assert lead.total_seconds() > STALE_SECONDS + MAX_AGE_SECONDS


def test_a_repeat_of_a_rotation_changes_nothing(secret: Secret) -> None:
    token = str(uuid.uuid4())
    assert secret.rotation(token).run() == secret.rotation(token).run()
    assert len(secret.ring().keys) == 2


def test_rotations_one_after_the_other_keep_all_keys_in_order(secret: Secret) -> None:
    for _ in range(4):
        secret.rotation().run()
    ring = secret.ring()
    assert [key.id for key in ring.keys] == ["1", "2", "3", "4", "5"]
    assert len({key.secret for key in ring.keys}) == 5
    assert [key.since for key in ring.keys] == sorted({key.since for key in ring.keys})


def test_of_two_rotations_at_the_same_time_one_is_refused_and_no_key_that_was_in_force_is_lost(secret: Secret) -> None:
    one, other = secret.rotation(), secret.rotation()
    one.create()
    other.create()
    one.finish()
    first = secret.ring()
    with pytest.raises(RotationError, match="changed meanwhile"):
        other.finish()
    assert secret.ring() == first


def test_a_rotation_that_stopped_half_way_does_not_block_the_next_one(secret: Secret) -> None:
    secret.rotation().create()
    assert len(secret.ring().keys) == 1
    assert secret.rotation().run().keys == 2


def test_a_moment_that_some_container_would_learn_of_too_late_needs_the_word_early(secret: Secret) -> None:
    with pytest.raises(RotationError, match="may not know"):
        secret.rotation().run("2026-11-01T13:09:59.999Z")
    assert len(secret.ring().keys) == 1
    assert secret.rotation().run("2020-01-01T00:00:00.000Z", early=True).since == "2020-01-01T00:00:00.000Z"


def test_a_moment_before_the_newest_keys_is_refused(secret: Secret) -> None:
    secret.rotation().run("2027-01-01T00:00:00.000Z")
    with pytest.raises(RotationError, match="must come after"):
        secret.rotation().run("2026-12-01T00:00:00.000Z")
    assert len(secret.ring().keys) == 2


@pytest.fixture
def function(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("STAGE", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("CARD_KEY_SECRET_ARN", secret.arn)
    client.cache_clear()
    rotate_card_key.secret.cache_clear()
    yield rotate_card_key.handler
    client.cache_clear()
    rotate_card_key.secret.cache_clear()


class Context:
    """Lambda's, as far as it is read."""

    function_name = "swipeline-test-rotate-card-key"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:swipeline-test-rotate-card-key"

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())


def test_an_operator_gets_all_steps_at_once(secret: Secret, function: Any, capsys: Any) -> None:
    answer = function({"token": str(uuid.uuid4())}, Context())
    assert (answer["key_id"], answer["keys"]) == ("2", 2)
    assert secret.ring().newest.since == answer["since"]
    assert secret.ring().newest.secret.decode() not in capsys.readouterr().out


def test_secrets_managers_four_steps_do_the_same(secret: Secret, function: Any) -> None:
    token = str(uuid.uuid4())
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        assert len(secret.ring().keys) == 1
        for _ in range(2):  # each may be called again
            function({"Step": step, "SecretId": "not looked at", "ClientRequestToken": token}, Context())
    assert len(secret.ring().keys) == 2


@pytest.fixture
def scheduled(secret: Secret, function: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Have Secrets Manager itself rotate: at once, or (as for a new schedule) only try the function."""

    class MotoBackend:
        def get_function(self, arn: str) -> None:
            """It exists."""

        def invoke(self, *_: Any, body: str, **__: Any) -> None:
            function(json.loads(body), Context())

    monkeypatch.setattr("moto.awslambda.utils.get_backend", lambda *_: MotoBackend())
    rules = {"AutomaticallyAfterDays": 365}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:swipeline-test-rotate-card-key"
    return lambda at_once: secret.client.rotate_secret(
        SecretId=secret.arn, RotationLambdaARN=arn, RotationRules=rules, RotateImmediately=at_once
    )


def test_a_schedules_rotation_begins_with_a_version_that_has_no_value_yet(secret: Secret, scheduled: Any) -> None:
    scheduled(True)
    ring = secret.ring()
    assert [key.id for key in ring.keys] == ["1", "2"]
    assert ring.keys[0].secret == b"k" * 64
    assert len(ring.newest.secret) == 64


def test_the_trial_of_a_new_schedule_passes_and_changes_no_key(secret: Secret, scheduled: Any) -> None:
    before = secret.ring()
    scheduled(False)
    assert secret.ring() == before
    assert secret.rotation().run().keys == 2


def test_no_step_makes_up_for_one_that_was_left_out(secret: Secret, function: Any) -> None:
    for step in ("testSecret", "finishSecret"):
        event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": str(uuid.uuid4())}
        with pytest.raises(RotationError, match="rotate again"):
            function(event, Context())
    assert len(secret.ring().keys) == 1
