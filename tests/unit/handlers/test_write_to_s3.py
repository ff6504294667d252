"""write-to-s3 on moto: one object per batch, bad lines in quarantine, all of it again when S3 is unavailable."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.sinks.bucket import Bucket
from shared.transaction.codec import encode_record
from tests.unit.fakes.events import FIRST_SEQUENCE_NUMBER, SHARD, Context, kinesis_event, on_stream
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.s3 import FakeS3
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted, logged

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
TRANSACTIONS = [transaction(number) for number in range(20)]


def keys(stage: Stage, bucket: str) -> list[str]:
    return [one["Key"] for one in stage.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def body(stage: Stage, bucket: str, key: str) -> bytes:
    return stage.s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_batch_is_one_object_named_by_its_place_in_the_stream(stage: Stage, function: Load, output: Output) -> None:
    records = [("00", encode_record(TRANSACTIONS[:5])), ("01", encode_record(TRANSACTIONS[5:8]))]
    answer = function("write_to_s3").handler(kinesis_event(records), Context())
    assert answer == {"batchItemFailures": []}
    (key,) = keys(stage, "lake")
    assert key == (
        f"transactions/ingest_date=2020-06-21/{SHARD}-{FIRST_SEQUENCE_NUMBER}-{FIRST_SEQUENCE_NUMBER + 1}.ndjson.gz"
    )
    rows = [json.loads(line) for line in gzip.decompress(body(stage, "lake", key)).splitlines()]
    assert [row["transaction_id"] for row in rows] == [t.transaction_id for t in TRANSACTIONS[:8]]
    assert stage.s3.head_object(Bucket="lake", Key=key)["Metadata"] == {"records": "2", "transactions": "8"}
    assert emitted(output())["Written"] == [8]


def test_a_replay_overwrites_the_same_objects_with_the_same_bytes(stage: Stage, function: Load) -> None:
    handler = function("write_to_s3").handler
    event = kinesis_event([*on_stream(TRANSACTIONS), ("00", b"bad\n")])
    handler(event, Context())
    before = {bucket: keys(stage, bucket) for bucket in ("lake", "quarantine")}
    stored = body(stage, "lake", before["lake"][0])
    handler(event, Context())
    assert {bucket: keys(stage, bucket) for bucket in ("lake", "quarantine")} == before
    assert body(stage, "lake", before["lake"][0]) == stored


def test_a_poison_line_is_quarantined_and_the_rest_is_archived(stage: Stage, function: Load, output: Output) -> None:
    poison = b"\xff\x00 not a transaction"
    records = [("00", encode_record(TRANSACTIONS[:1]) + poison + b"\n" + encode_record(TRANSACTIONS[1:2]))]
    answer = function("write_to_s3").handler(kinesis_event(records), Context())
    assert answer == {"batchItemFailures": []}
    (key,) = keys(stage, "quarantine")
    assert key == f"quarantine/write-to-s3/date=2020-06-21/{SHARD}-{FIRST_SEQUENCE_NUMBER}-0001.json"
    assert base64.b64decode(json.loads(body(stage, "quarantine", key))["data"]) == poison
    assert len(gzip.decompress(body(stage, "lake", keys(stage, "lake")[0])).splitlines()) == 2
    metrics = emitted(output())
    assert (metrics["Received"], metrics["Quarantined"], metrics["Written"]) == ([3], [1], [2])


def test_a_batch_without_a_good_line_writes_no_object_to_the_lake(stage: Stage, function: Load) -> None:
    function("write_to_s3").handler(kinesis_event([("00", b"bad\nworse\n")]), Context())
    assert keys(stage, "lake") == []
    assert len(keys(stage, "quarantine")) == 2


@pytest.mark.parametrize("kind", [Kind.THROTTLED, Kind.BROKEN, Kind.TIMED_OUT, Kind.LOST_ANSWER])
def test_when_s3_is_unavailable_the_whole_batch_is_retried(
    stage: Stage,
    function: Load,
    monkeypatch: pytest.MonkeyPatch,
    output: Output,
    kind: Kind,
) -> None:
    module, s3 = function("write_to_s3"), FakeS3([Fault(kind)])
    monkeypatch.setattr(module, "buckets", lambda: (Bucket(s3, "lake"), Bucket(s3, "quarantine")))
    event = kinesis_event(on_stream(TRANSACTIONS))
    assert module.handler(event, Context()) == {"batchItemFailures": [{"itemIdentifier": str(FIRST_SEQUENCE_NUMBER)}]}
    written = output()
    assert (emitted(written)["Written"], emitted(written)["Failed"]) == ([0], [20])
    assert "error" in logged(written, "batch not stored")
    assert module.handler(event, Context()) == {"batchItemFailures": []}
    assert len(s3.keys("lake")) == 1


def test_a_missing_permission_fails_loudly(stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    module, s3 = function("write_to_s3"), FakeS3(always=Fault(Kind.DENIED))
    monkeypatch.setattr(module, "buckets", lambda: (Bucket(s3, "lake"), Bucket(s3, "quarantine")))
    with pytest.raises(ClientError, match="AccessDenied"):
        module.handler(kinesis_event(on_stream(TRANSACTIONS)), Context())


lines = st.lists(st.one_of(st.integers(0, 19), st.sampled_from([b"", b"bad", b"\xff", b"[1]"])), min_size=1, max_size=6)
kinds = st.sampled_from([Kind.NONE, Kind.THROTTLED, Kind.TIMED_OUT, Kind.LOST_ANSWER])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lines, min_size=1, max_size=6), st.lists(st.builds(Fault, kinds), max_size=8))
def test_whatever_fails_lake_and_quarantine_end_with_every_line_once(
    function: Load, records: list[list[Any]], planned: list[Fault]
) -> None:
    module, s3 = function("write_to_s3"), FakeS3(planned)
    module.buckets.cache_clear()
    data = [
        b"\n"
        + b"".join(encode_record([TRANSACTIONS[line]]) if isinstance(line, int) else line + b"\n" for line in record)
        for record in records
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "buckets", lambda: (Bucket(s3, "lake"), Bucket(s3, "quarantine")))
        event = kinesis_event([("00", record) for record in data])
        for _ in range(len(planned) + 1):
            answer = module.handler(event, Context())
            if not answer["batchItemFailures"]:
                break
    assert answer == {"batchItemFailures": []}
    good = [TRANSACTIONS[line].transaction_id for record in records for line in record if isinstance(line, int)]
    bad = [line for record in records for line in record if isinstance(line, bytes)]
    archived = [
        json.loads(row)["transaction_id"]
        for key in s3.keys("lake")
        for row in gzip.decompress(s3.objects["lake", key]["Body"]).splitlines()
    ]
    assert archived == good
    kept = [
        base64.b64decode(json.loads(s3.objects["quarantine", key]["Body"])["data"]) for key in s3.keys("quarantine")
    ]
    assert kept == bad


def test_the_log_leads_to_a_quarantined_line(stage: Stage, function: Load, output: Output) -> None:
    function("write_to_s3").handler(kinesis_event([("00", b'[7,"a-transaction","Nora Testman"]\nbad\n')]), Context())
    written = output()
    line = logged(written, "lines quarantined")
    assert line["shard_id"] == SHARD
    assert [(q["sequence_number"], q["line"], q["transaction_id"]) for q in line["quarantined_lines"]] == [
        (str(FIRST_SEQUENCE_NUMBER), 0, "a-transaction"),
        (str(FIRST_SEQUENCE_NUMBER), 1, None),
    ]
    assert "Nora" not in written


def test_an_archived_batch_says_how_long_it_waited_and_one_that_is_retried_does_not(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    event, module = kinesis_event(on_stream(TRANSACTIONS)), function("write_to_s3")
    module.handler(event, Context())
    assert emitted(output())["Latency"][0] > 0
    s3 = FakeS3([Fault(Kind.THROTTLED)])
    monkeypatch.setattr(module, "buckets", lambda: (Bucket(s3, "lake"), Bucket(s3, "quarantine")))
    module.handler(event, Context())
    assert "Latency" not in emitted(output())
