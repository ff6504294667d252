"""What our start of the emulator adds: who a caller is, and a state that outlives the process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.processes import PROCESSES, is_healthy
from local.snapshot import take_snapshot
from local.tests.conformance.emulator import Emulator, start_module, wait_until


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Emulator]:
    """An emulator that a test may kill."""
    emulator = Emulator.start(tmp_path)
    yield emulator
    emulator.stop()


def restart(emulator: Emulator) -> None:
    emulator.process = start_module("local.emulator", emulator.settings)
    wait_until(lambda: is_healthy(emulator.settings, PROCESSES[0]), "the emulator answers")


def test_everything_is_there_after_an_orderly_restart(own: Emulator) -> None:
    stream = own.stream("s")
    own.put(stream, b"a", b"b")
    bucket = own.bucket("bucket")
    own.client("s3").put_object(Bucket=bucket, Key="k", Body=b"body")
    before = read(own, stream)
    own.stop()
    restart(own)
    assert read(own, stream) == before
    assert own.objects(bucket) == {"k": b"body"}
    own.put(stream, b"c")
    numbers = [number for number, _ in read(own, stream)]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 3


def test_what_was_saved_by_a_snapshot_is_there_after_a_kill(own: Emulator) -> None:
    stream = own.stream("s")
    role = own.role("r", "lambda")
    own.put(stream, b"a")
    take_snapshot(own.settings)
    before = read(own, stream)
    own.process.kill()
    own.process.wait()
    restart(own)
    assert read(own, stream) == before
    assert own.client("iam").get_role(RoleName="r")["Role"]["Arn"] == role


def read(emulator: Emulator, stream: str) -> list[tuple[str, bytes]]:
    kinesis = emulator.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamARN=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = kinesis.get_records(StreamARN=stream, ShardIterator=iterator)["Records"]
    return [(record["SequenceNumber"], record["Data"]) for record in records]
