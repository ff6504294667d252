"""What four readers get of one shard while it takes in all that its limits let through: with and without fan-out."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.kinesis_reader import TRIM_HORIZON, Position, ShardReader
from local.shard_limits import AWS_PACE_SECONDS, VARIABLE
from local.subscriber import ShardSubscriber
from local.tests.conformance.emulator import Emulator, wait_until

SHARD = "shardId-000000000000"
STREAM = "readers"
BATCH = 20  # records of a PutRecords
PAUSE_SECONDS = 0.05


class Reader(threading.Thread):
    """Reads until :meth:`stop`, as AWS's consumers do; `bytes` so far."""

    def __init__(self, reader: ShardReader | ShardSubscriber, pause: float) -> None:
        super().__init__(daemon=True)
        self._reader, self._pause, self._done = reader, pause, threading.Event()
        self.bytes = 0

    def run(self) -> None:
        from botocore.exceptions import ClientError

        while not self._done.wait(self._pause):
            try:
                found = self._reader.read().records
            except ClientError:  # over the limit: read again later
                continue
            self.bytes += sum(len(one.data) + len(one.partition_key) for one in found)

    def stop(self) -> None:
        """End the reading."""
        self._done.set()
        self._reader.close()
        self.join()


def shares(consumers: int, record_bytes: int, seconds: float) -> tuple[float, list[float]]:
    """Bytes a second that the shard took in, and each of four readers' share of them when the time is over.

    `consumers` of the readers have enhanced fan-out, the others call GetRecords once a second.
    """
    with emulator() as started:
        stream = started.stream(STREAM)
        kinesis = started.client("kinesis")

        def client() -> Any:
            return kinesis

        start = Position(TRIM_HORIZON)
        readers = [
            *(Reader(ShardSubscriber(client, registered(started, stream, n), SHARD, start), PAUSE_SECONDS)
              for n in range(consumers)),
            *(Reader(ShardReader(client, stream, SHARD, start), AWS_PACE_SECONDS) for _ in range(4 - consumers)),
        ]  # fmt: skip
        for reader in readers:
            reader.start()
        began = time.monotonic()
        written = write(kinesis, stream, record_bytes, until=began + seconds)
        taken = time.monotonic() - began
        time.sleep(AWS_PACE_SECONDS)  # a reader looks once a second: what it has not read by then, it is behind with
        read = [reader.bytes for reader in readers]
        for reader in readers:
            reader.stop()
    return written / taken, [one / written for one in read]


def write(kinesis: Any, stream: str, record_bytes: int, until: float) -> int:
    """Put records as fast as the shard takes them, and retry what it refuses. Returns the bytes."""
    key = "k" * 8
    record = {"Data": b"x" * (record_bytes - len(key)), "PartitionKey": key}
    written = 0
    while time.monotonic() < until:
        refused = kinesis.put_records(StreamARN=stream, Records=[record] * BATCH)["FailedRecordCount"]
        written += (BATCH - refused) * record_bytes
        if refused:
            time.sleep(PAUSE_SECONDS)
    return written


def registered(started: Emulator, stream: str, number: int) -> str:
    """A consumer that is active."""
    kinesis = started.client("kinesis")
    made = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName=f"reader-{number}")["Consumer"]
    arn = str(made["ConsumerARN"])

    def active() -> bool:
        found = kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
        return bool(found["ConsumerStatus"] == "ACTIVE")

    wait_until(active, "the consumer is active")
    return arn


@contextmanager
def emulator() -> Iterator[Emulator]:
    """An emulator of its own, whose shards have AWS's limits."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "1"
    try:
        with tempfile.TemporaryDirectory() as name:
            started = Emulator.start(Path(name))
            try:
                yield started
            finally:
                started.stop()
    finally:
        del os.environ[VARIABLE]
        if before is not None:
            os.environ[VARIABLE] = before
