"""PutRecordBatch: what is refused is retried, alone, and what is not stored in the end is named by its rows."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.sinks.firehose import MAX_RECORDS, DeliveryStream
from shared.stream.records import StreamRecord
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.shapes import obeys


@obeys("firehose")
class FakeFirehose:
    """Stores what it does not refuse; `refuse` says for each call which records."""

    def __init__(self, *refuse: set[int] | str) -> None:
        self.refuse, self.stored, self.calls = list(refuse), [], []

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert DeliveryStreamName == "alerts"
        assert 1 <= len(Records) <= 500
        self.calls.append(len(Records))
        refused = self.refuse.pop(0) if self.refuse else set()
        if isinstance(refused, str):
            raise client_error("PutRecordBatch", refused, 400 if refused == "AccessDeniedException" else 503)
        self.stored += [one["Data"] for number, one in enumerate(Records) if number not in refused]
        results = [{"ErrorCode": "Slow"} if number in refused else {"RecordId": "r"} for number in range(len(Records))]
        return {"FailedPutCount": len(refused), "RequestResponses": results}


def records(count: int) -> list[list[StreamRecord]]:
    return [[StreamRecord("card", f"line {row}\n".encode(), (row,)) for row in range(count)]]


def test_all_is_put_in_one_call() -> None:
    firehose = FakeFirehose()
    outcome = DeliveryStream(firehose, "alerts").put(records(3), FakeClock().budget(8))
    assert (outcome.stored, outcome.retried, outcome.unstored_rows) == (3, 0, [])
    assert firehose.calls == [3]


def test_nothing_is_no_call() -> None:
    firehose = FakeFirehose()
    assert DeliveryStream(firehose, "alerts").put([], FakeClock().budget(8)).unstored_rows == []
    assert firehose.calls == []


def test_a_part_that_is_refused_is_put_again_alone() -> None:
    firehose = FakeFirehose({1}, set())
    outcome = DeliveryStream(firehose, "alerts").put(records(3), FakeClock().budget(8))
    assert (outcome.stored, outcome.retried, firehose.calls) == (3, 1, [3, 1])
    assert sorted(firehose.stored) == [b"line 0\n", b"line 1\n", b"line 2\n"]


def test_a_service_that_is_unavailable_leaves_the_rows_to_the_caller() -> None:
    clock = FakeClock()
    outcome = DeliveryStream(FakeFirehose(*["ServiceUnavailableException"] * 99), "alerts").put(
        records(2), clock.budget(8)
    )
    assert (outcome.stored, outcome.unstored_rows) == (0, [0, 1])


def test_what_no_retry_can_fix_is_raised() -> None:
    with pytest.raises(ClientError):
        DeliveryStream(FakeFirehose("AccessDeniedException"), "alerts").put(records(1), FakeClock().budget(8))


def test_a_call_holds_no_more_than_firehose_takes() -> None:
    firehose = FakeFirehose()
    DeliveryStream(firehose, "alerts").put(records(MAX_RECORDS + 1), FakeClock().budget(8))
    assert firehose.calls == [MAX_RECORDS, 1]
    large = [[StreamRecord("card", base64.b64encode(bytes(1_500_000)), (row,)) for row in range(3)]]
    firehose = FakeFirehose()
    DeliveryStream(firehose, "alerts").put(large, FakeClock().budget(8))
    assert firehose.calls == [2, 1], "4 MiB"
