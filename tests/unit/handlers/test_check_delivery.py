"""check-delivery: what it lets through, and where the records of the alert stream go that are no alerts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from handlers import check_delivery
from shared.errors import TransientError
from shared.sinks.bucket import Bucket
from tests.unit.fakes.events import Context
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.s3 import FakeS3
from tests.unit.test_delivery import ALERT, GOOD, record

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/swipeline-test-"


def event(stream: str, *records: dict[str, Any]) -> dict[str, Any]:
    """Alerts are put directly: no source, no metadata of Kinesis."""
    if stream == "alerts":
        plain = [{name: value for name, value in one.items() if name != "kinesisRecordMetadata"} for one in records]
        return {"invocationId": "1", "records": plain}
    return {"invocationId": "1", "sourceKinesisStreamArn": ARN + stream, "records": list(records)}


def with_s3(monkeypatch: pytest.MonkeyPatch, s3: FakeS3) -> FakeS3:
    monkeypatch.setattr(check_delivery, "bucket", lambda: Bucket(s3, "quarantine"))
    return s3


def test_a_transaction_that_cannot_be_read_is_left_to_write_to_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = with_s3(monkeypatch, FakeS3([]))
    answer = check_delivery.handler(event("transactions", record(b"junk"), record(GOOD[0], 1)), Context())
    assert [one["result"] for one in answer["records"]] == ["Dropped", "Ok"]
    assert not s3.objects


def test_what_is_no_alert_is_quarantined_and_the_alerts_beside_it_continue(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = with_s3(monkeypatch, FakeS3([]))
    alert = json.dumps(ALERT).encode()
    answer = check_delivery.handler(event("alerts", record(b"no alert\n" + alert), record(GOOD[0], 1, "1")), Context())
    assert [one["result"] for one in answer["records"]] == ["Ok", "Dropped"]
    assert base64.b64decode(answer["records"][0]["data"]) == alert + b"\n"
    bodies = [json.loads(one["Body"]) for one in s3.objects.values()]
    assert sorted(base64.b64decode(body["data"]) for body in bodies) == sorted([b"no alert", GOOD[0][:-1]])


def test_while_the_quarantine_is_unavailable_firehose_has_to_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with_s3(monkeypatch, FakeS3([], Fault(Kind.THROTTLED)))
    with pytest.raises(TransientError):
        check_delivery.handler(event("alerts", record(b"no alert")), Context())
