"""A request is remembered for a day, per sender, as a keyed fingerprint: on DynamoDB's semantics (moto)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.moto_api._internal import moto_api_backend

from functions.write_to_kinesis.idempotency import KEPT_SECONDS, KEY_FORM, Requests, fingerprint
from shared.errors import TransientError
from tests.unit.fakes.faults import Fault, Kind, Plan
from tests.unit.fakes.rows import CARD_KEY
from tests.unit.fakes.shapes import obeys

NOW = 1_700_000_000.0


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        moto_api_backend.reset()  # another test's moto may be running around this one
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="requests",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "idempotency_key", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "idempotency_key", "KeyType": "HASH"}],
        )
        yield client


def test_a_kept_request_is_found_by_its_sender_only(dynamodb: Any) -> None:
    requests = Requests(dynamodb, "requests", lambda: NOW)
    assert requests.find("sender-1", "key") is None
    requests.keep("sender-1", "key", "print")
    assert requests.find("sender-1", "key") == "print"
    assert requests.find("sender-2", "key") is None


def test_of_two_at_the_same_time_the_first_stays(dynamodb: Any) -> None:
    requests = Requests(dynamodb, "requests", lambda: NOW)
    requests.keep("sender-1", "key", "first")
    requests.keep("sender-1", "key", "second")
    assert requests.find("sender-1", "key") == "first"


def test_after_a_day_a_key_is_free_even_if_ttl_has_not_deleted_it(dynamodb: Any) -> None:
    Requests(dynamodb, "requests", lambda: NOW).keep("sender-1", "key", "old")
    later = Requests(dynamodb, "requests", lambda: NOW + KEPT_SECONDS)
    assert later.find("sender-1", "key") is None
    later.keep("sender-1", "key", "new")
    assert later.find("sender-1", "key") == "new"


@obeys("dynamodb")
class AwayClient:
    """A table that cannot be reached as planned."""

    def __init__(self, kind: Kind) -> None:
        self._plan = Plan(always=Fault(kind))

    def get_item(self, **_: Any) -> dict[str, Any]:
        self._plan.next("GetItem")
        return {}

    def put_item(self, **_: Any) -> dict[str, Any]:
        self._plan.next("PutItem")
        return {}


def test_a_table_that_is_unavailable_is_a_transient_error_and_a_missing_permission_is_not() -> None:
    for kind in (Kind.THROTTLED, Kind.TIMED_OUT, Kind.BROKEN):
        requests = Requests(AwayClient(kind), "requests")
        with pytest.raises(TransientError):
            requests.find("s", "k")
        with pytest.raises(TransientError):
            requests.keep("s", "k", "print")
    denied = Requests(AwayClient(Kind.DENIED), "requests")
    with pytest.raises(ClientError):
        denied.find("s", "k")
    with pytest.raises(ClientError):
        denied.keep("s", "k", "print")


def test_a_fingerprint_depends_on_the_body_and_on_the_secret_key() -> None:
    assert fingerprint(CARD_KEY, b"a") == fingerprint(CARD_KEY, b"a")
    assert len({fingerprint(CARD_KEY, b"a"), fingerprint(CARD_KEY, b"b"), fingerprint(b"k" * 64, b"a")}) == 3


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "a/b", "ä", "a\n"])
def test_a_key_of_another_form_is_none(key: str) -> None:
    assert KEY_FORM.fullmatch(key) is None
