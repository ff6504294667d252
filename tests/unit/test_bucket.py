"""A put is whole or an error, and the error says whether to come back."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from shared.errors import TransientError
from shared.sinks.bucket import Bucket
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.s3 import FakeS3


def test_an_object_is_put_with_its_type_and_counts() -> None:
    s3 = FakeS3()
    Bucket(s3, "lake").put("key", b"body", "application/gzip", transactions="3")
    put = s3.objects["lake", "key"]
    assert (put["Body"], put["ContentType"], put["Metadata"]) == (b"body", "application/gzip", {"transactions": "3"})


@pytest.mark.parametrize("kind", [Kind.THROTTLED, Kind.BROKEN, Kind.TIMED_OUT, Kind.LOST_ANSWER])
def test_a_put_that_may_succeed_later_is_transient(kind: Kind) -> None:
    with pytest.raises(TransientError):
        Bucket(FakeS3([Fault(kind)]), "lake").put("key", b"body", "application/gzip")


def test_a_put_that_is_denied_is_not() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        Bucket(FakeS3([Fault(Kind.DENIED)]), "lake").put("key", b"body", "application/gzip")


def test_many_objects_are_all_put_or_the_error_is_raised() -> None:
    s3 = FakeS3()
    Bucket(s3, "q").put_all([(f"{n:02d}", b"%d" % n) for n in range(30)], "application/json")
    assert s3.keys("q") == [f"{n:02d}" for n in range(30)]
    with pytest.raises(TransientError):
        Bucket(FakeS3([Fault(), Fault(Kind.THROTTLED)]), "q").put_all([("a", b""), ("b", b"")], "application/json")
