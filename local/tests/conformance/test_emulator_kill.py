"""`kill -9` of the emulator: what it acknowledged on the stream, in the tables and in S3 is there when it is back."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.processes import PROCESSES, is_healthy
from local.snapshot import take_snapshot
from local.tests.conformance.emulator import Emulator, start_module, wait_until


@dataclass
class Writers:
    """Three threads that write until they are refused, and note what was acknowledged."""

    emulator: Emulator
    seed: int
    records: list[tuple[str, bytes]] = field(default_factory=list)  # sequence number, data
    items: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    objects: dict[str, bytes] = field(default_factory=dict)

    def run_until_killed(self, enough: int) -> None:
        threads = [
            threading.Thread(target=self._until_refused, args=(w,)) for w in (self._put, self._write, self._keep)
        ]
        for thread in threads:
            thread.start()
        goal = len(self.records) + enough
        wait_until(lambda: len(self.records) >= goal, "the writers wrote")
        self.emulator.process.kill()
        self.emulator.process.wait(10)
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()

    def _until_refused(self, write: Any) -> None:
        number = 0
        while True:
            number += 1
            try:
                write(f"{self.seed}-{number}")
            except (BotoCoreError, ClientError):
                return

    def _put(self, name: str) -> None:
        data = [f"{name}-{i}".encode() for i in range(20)]
        answer = self.emulator.client("kinesis").put_records(
            StreamName="killed", Records=[{"Data": d, "PartitionKey": d.decode()} for d in data]
        )
        self.records += [(r["SequenceNumber"], d) for r, d in zip(answer["Records"], data, strict=True)]

    def _write(self, name: str) -> None:
        dynamodb = self.emulator.client("dynamodb")
        batch = {f"{name}-{i}": f"value {i}" for i in range(10)}
        requests = [{"PutRequest": {"Item": {"pk": {"S": k}, "v": {"S": v}}}} for k, v in batch.items()]
        dynamodb.batch_write_item(RequestItems={"killed": requests})
        self.items |= batch
        gone = f"{name}-3"
        dynamodb.delete_item(TableName="killed", Key={"pk": {"S": gone}})
        self.deleted.add(gone)

    def _keep(self, name: str) -> None:
        body = f"body of {name}".encode()
        self.emulator.client("s3").put_object(Bucket="killed", Key=name, Body=body)
        self.objects[name] = body


def restarted(emulator: Emulator) -> Emulator:
    process = start_module("local.emulator", emulator.settings)
    wait_until(lambda: is_healthy(emulator.settings, PROCESSES[0]), "the emulator answers again")
    return Emulator(emulator.settings, process)


def all_records(emulator: Emulator) -> dict[str, list[tuple[str, bytes]]]:
    """Sequence number and data of every record, by shard, in the shard's order."""
    kinesis = emulator.client("kinesis")
    found: dict[str, list[tuple[str, bytes]]] = {}
    for shard in kinesis.list_shards(StreamName="killed")["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName="killed", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        page = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        found[shard["ShardId"]] = [(r["SequenceNumber"], r["Data"]) for r in page["Records"]]
    return found


def check(emulator: Emulator, *writers: Writers) -> None:
    shards = all_records(emulator)
    for records in shards.values():
        numbers = [int(number) for number, _ in records]
        assert numbers == sorted(set(numbers)), "a shard's order is that of its sequence numbers, each once"
    stored = [record for records in shards.values() for record in records]
    acknowledged = [record for w in writers for record in w.records]
    assert set(acknowledged) <= set(stored)
    pages = emulator.client("dynamodb").get_paginator("scan").paginate(TableName="killed")
    items = {item["pk"]["S"]: item["v"]["S"] for page in pages for item in page["Items"]}
    for writer in writers:
        # The kill may have come between a delete and its answer.
        kept = {k: v for k, v in writer.items.items() if not k.endswith("-3")}
        assert kept.items() <= items.items()
        assert not writer.deleted & set(items)
        for key, body in writer.objects.items():
            assert emulator.client("s3").get_object(Bucket="killed", Key=key)["Body"].read() == body


def test_what_was_acknowledged_before_a_kill_is_there_after_it_also_the_third_time(tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        emulator.stream("killed", shards=2)
        emulator.bucket("killed")
        emulator.client("dynamodb").create_table(
            TableName="killed",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        take_snapshot(emulator.settings)  # as `swipeline up` does after a deployment
        writers: list[Writers] = []
        for seed in (1, 2, 3):
            writers.append(Writers(emulator, seed))
            writers[-1].run_until_killed(random.Random(seed).randint(100, 600))
            emulator = restarted(emulator)
            check(emulator, *writers)
            if seed == 2:
                take_snapshot(emulator.settings)  # what it holds is not replayed, nor lost
        emulator.stop()  # and a proper end keeps it all as well
        emulator = restarted(emulator)
        check(emulator, *writers)
    finally:
        emulator.process.kill()


def test_a_record_keeps_its_number_and_its_time_of_arrival(tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        arn = emulator.stream("killed")
        take_snapshot(emulator.settings)
        emulator.put(arn, b"a", b"b")

        def read() -> list[tuple[Any, ...]]:
            kinesis = emulator.client("kinesis")
            shard = kinesis.list_shards(StreamARN=arn)["Shards"][0]["ShardId"]
            iterator = kinesis.get_shard_iterator(StreamARN=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
            found = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
            return [
                (r["SequenceNumber"], r["Data"], round(r["ApproximateArrivalTimestamp"].timestamp(), 1)) for r in found
            ]

        before = read()
        emulator.process.kill()
        emulator.process.wait(10)
        emulator = restarted(emulator)
        assert read() == before
        emulator.put(arn, b"c")
        assert int(read()[-1][0]) > int(before[-1][0])
    finally:
        emulator.process.kill()


def test_a_secret_that_was_changed_is_there_after_a_kill_with_its_versions(tmp_path: Path) -> None:
    emulator = Emulator.start(tmp_path)
    try:
        secrets = emulator.client("secretsmanager")
        secrets.create_secret(Name="gone", SecretString="to be deleted")
        first = secrets.create_secret(Name="kept", SecretString="the first")["VersionId"]
        take_snapshot(emulator.settings)
        # As a rotation does it: the new one is pending, and then promoted.
        second = secrets.put_secret_value(
            SecretId="kept", SecretString="the second", ClientRequestToken="2" * 36, VersionStages=["AWSPENDING"]
        )["VersionId"]
        secrets.update_secret_version_stage(
            SecretId="kept", VersionStage="AWSCURRENT", MoveToVersionId=second, RemoveFromVersionId=first
        )
        secrets.delete_secret(SecretId="gone", ForceDeleteWithoutRecovery=True)
        emulator.process.kill()
        emulator.process.wait(10)
        emulator = restarted(emulator)
        secrets = emulator.client("secretsmanager")
        current = secrets.get_secret_value(SecretId="kept")
        assert (current["SecretString"], current["VersionId"]) == ("the second", second)
        assert secrets.get_secret_value(SecretId="kept", VersionId=first)["SecretString"] == "the first"
        assert [s["Name"] for s in secrets.list_secrets()["SecretList"]] == ["kept"]
    finally:
        emulator.process.kill()
