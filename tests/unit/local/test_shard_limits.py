"""The shard-limit model on MiniStack's own Kinesis: what is within the limits is stored, what is over them refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from local import shard_limits
from local.shard_limits import READS, VARIABLE, ShardLimits, paced
from local.tests.unit.embedded_kinesis import call, embedded_kinesis
from tests.unit.fakes.clock import FakeClock

STREAM = "limits"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kinesis(clock: FakeClock, tmp_path: Path) -> Iterator[ModuleType]:
    from ministack.services import kinesis as service

    with embedded_kinesis(tmp_path) as embedded:
        call("_create_stream", StreamName=STREAM, ShardCount=1)
        limits = shard_limits.install(embedded)
        limits.default_factory = lambda: ShardLimits(clock)  # type: ignore[attr-defined]
        yield service


Put = Callable[[int, int], list[bool]]


@pytest.fixture
def put(kinesis: ModuleType) -> Put:
    """``put(3, 100)``: three records of 100 bytes, key included; which of them were stored."""

    def call(count: int, size: int) -> list[bool]:
        data = base64.b64encode(b"x" * (size - 1)).decode()
        records = [{"Data": data, "PartitionKey": "k"}] * count
        status, _, body = kinesis._put_records({"StreamName": STREAM, "Records": records})
        assert status == 200
        content = json.loads(body)
        stored = ["SequenceNumber" in one for one in content["Records"]]
        assert content["FailedRecordCount"] == stored.count(False)
        return stored

    return call


def read(kinesis: ModuleType, start: str = "TRIM_HORIZON") -> tuple[int, dict[str, Any]]:
    shard = {"StreamName": STREAM, "ShardId": "shardId-000000000000", "ShardIteratorType": start}
    iterator = json.loads(kinesis._get_shard_iterator(shard)[2])["ShardIterator"]
    status, _, body = kinesis._get_records({"ShardIterator": iterator})
    return status, json.loads(body)


def test_a_thousand_records_a_second_and_no_more(put: Put, clock: FakeClock) -> None:
    assert all(put(500, 10))
    assert all(put(500, 10))
    assert not any(put(10, 10))
    clock.now += 0.01
    assert put(12, 10) == [True] * 10 + [False] * 2


def test_a_megabyte_a_second_and_what_is_refused_is_not_stored(put: Put, clock: FakeClock, kinesis: ModuleType) -> None:
    size = 1024 * 1024 // 4
    assert put(5, size) == [True] * 4 + [False]
    assert len(read(kinesis)[1]["Records"]) == 4
    clock.now += 0.25
    assert put(2, size) == [True, False]


def test_readers_share_two_megabytes_a_second_and_five_reads(put: Put, clock: FakeClock, kinesis: ModuleType) -> None:
    for _ in range(3):
        assert all(put(4, 1024 * 1024 // 4))
        clock.now += 1
    assert read(kinesis)[0] == 200, "3 MB at once are given"
    status, content = read(kinesis)
    assert (status, content["__type"]) == (400, "ProvisionedThroughputExceededException")
    clock.now += 0.5
    assert read(kinesis)[0] == 200, "and waited for afterwards"
    clock.now += 10
    put(1, 10)
    assert [read(kinesis, "LATEST")[0] for _ in range(6)] == [200] * 5 + [400]


def test_consumers_wait_as_long_as_on_aws_where_the_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert paced(0.2) == 0.2
    monkeypatch.setenv(VARIABLE, "1")
    assert (paced(0.0), paced(0.2), paced(3.0)) == (1.0, 1.0, 3.0)
    assert 4 / paced(0.0) <= READS, "four consumers of a shard do not starve each other"
