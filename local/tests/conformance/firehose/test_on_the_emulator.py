"""Delivery streams over a real emulator and a warehouse that fails on demand."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.settings import ACCOUNT_ID
from local.tests.conformance.emulator import Emulator, start_module, wait_until
from local.tests.conformance.firehose.warehouse import Warehouse

URL = "jdbc:redshift://group.000000000000.us-east-1.redshift-serverless.amazonaws.com:5439/base"


@dataclass
class Delivery:
    """A delivery stream and what surrounds it."""

    emulator: Emulator
    name: str
    source: str
    role: str
    bucket: str

    def put(self, *lines: str) -> None:
        self.emulator.put(self.source, *(f"{line}\n".encode() for line in lines))

    def keys(self, prefix: str) -> list[str]:
        return list(self.emulator.objects(self.bucket, prefix))

    def log(self) -> list[dict[str, Any]]:
        events = self.emulator.client("logs").get_log_events(logGroupName=self.name, logStreamName="copy")["events"]
        return [json.loads(event["message"]) for event in events]


@pytest.fixture
def warehouse(emulator: Emulator) -> Iterator[Warehouse]:
    made = Warehouse(emulator)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def deliver(emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[Callable[..., Delivery]]:
    name = "to-" + re.sub("[^a-z]+", "-", request.node.name)[-40:].strip("-")

    def make(
        retry_seconds: int = 60, size: int = 1, seconds: int = 0, grants: bool = True, function: str = "", **s3: Any
    ) -> Delivery:
        role = emulator.role(name, "firehose")
        delivery = Delivery(emulator, name, emulator.stream(name), role, emulator.bucket(name))
        actions = ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords"]
        emulator.grant(role, "source", actions, delivery.source)
        emulator.client("logs").create_log_group(logGroupName=name)
        emulator.client("logs").create_log_stream(logGroupName=name, logStreamName="copy")
        emulator.grant(role, "log", ["logs:PutLogEvents"], "*")
        if grants:
            emulator.grant(role, "store", ["s3:PutObject"], f"arn:aws:s3:::{name}/*")
        processing: dict[str, Any] = {"Enabled": False}
        if function:
            emulator.function(name, emulator.role(f"{name}-function", "lambda"), function)
            arn = emulator.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
            emulator.grant(role, "invoke", ["lambda:InvokeFunction"], arn)
            given = {"LambdaArn": arn, "RoleArn": role, "NumberOfRetries": "1"}
            parameters = [{"ParameterName": key, "ParameterValue": value} for key, value in given.items()]
            processing = {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}
        logging = {"Enabled": True, "LogGroupName": name, "LogStreamName": "copy"}
        emulator.client("firehose").create_delivery_stream(
            DeliveryStreamName=name,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": delivery.source, "RoleARN": role},
            RedshiftDestinationConfiguration={
                "RoleARN": role,
                "ClusterJDBCURL": URL,
                "CopyCommand": {"DataTableName": "t", "DataTableColumns": "a", "CopyOptions": "GZIP"},
                "RetryOptions": {"DurationInSeconds": retry_seconds},
                "CloudWatchLoggingOptions": logging,
                "ProcessingConfiguration": processing,
                "S3Configuration": {
                    "BucketARN": f"arn:aws:s3:::{name}",
                    "RoleARN": role,
                    "Prefix": "lines/",
                    "CompressionFormat": "GZIP",
                    "BufferingHints": {"SizeInMBs": size, "IntervalInSeconds": seconds},
                    "CloudWatchLoggingOptions": logging,
                }
                | s3,
            },
        )
        return delivery

    yield make
    emulator.client("firehose").delete_delivery_stream(DeliveryStreamName=name)


@pytest.fixture
def runner(emulator: Emulator) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(start_module("local.firehose", emulator.settings))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_records_arrive_by_way_of_a_gzip_object_a_manifest_and_a_copy(emulator, deliver, warehouse, runner) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver(seconds=1)
    delivery.put(*(f"line-{n}" for n in range(50)))
    runner()
    wait_until(lambda: len(warehouse.lines) == 50, "all lines are in the warehouse")
    assert sorted(warehouse.lines) == sorted(f"line-{n}" for n in range(50))
    (key,) = delivery.keys("lines/")
    stamp = r"\d{4}/\d\d/\d\d/\d\d/" + delivery.name + r"-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}"
    assert re.fullmatch(f"lines/{stamp}.gz", key)
    assert gzip.decompress(emulator.objects(delivery.bucket, key)[key]).count(b"\n") == 50
    (manifest,) = delivery.keys("manifests/")
    assert re.fullmatch(f"manifests/{stamp}", manifest)
    (statement,) = warehouse.statements
    assert (statement["WorkgroupName"], statement["Database"]) == ("group", "base")
    assert f"FROM 's3://{delivery.bucket}/{manifest}' CREDENTIALS 'aws_iam_role={delivery.role}'" in statement["Sql"]


def test_objects_are_cut_at_the_buffer_size(deliver, warehouse, runner, emulator) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver(seconds=1)
    delivery.put(*(f"{n:04d}" * 25_000 for n in range(25)))
    runner()
    wait_until(lambda: len(warehouse.lines) == 25, "all lines are in the warehouse")
    sizes = [len(gzip.decompress(body)) for body in emulator.objects(delivery.bucket, "lines/").values()]
    assert sorted(sizes, reverse=True)[:2] == [1_000_010, 1_000_010]
    assert sum(sizes) == 25 * 100_001


def test_a_copy_that_fails_is_repeated_and_logged(deliver, warehouse, runner) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver()
    warehouse.errors = ["Load into table 't' failed. Check 'stl_load_errors' system table for details."] * 2
    delivery.put("a", "b")
    runner()
    wait_until(lambda: warehouse.lines == ["a", "b"], "the lines are in the warehouse")
    assert [line["errorCode"] for line in delivery.log()] == ["Redshift.DataLoadFailed"] * 2
    assert delivery.keys("errors/") == []
    assert len(delivery.keys("manifests/")) == 1


def test_after_the_retry_duration_the_manifest_is_put_aside_and_the_next_continues(
    deliver, warehouse, runner, emulator
) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver(retry_seconds=0)
    warehouse.errors = ["no"]
    delivery.put("lost-for-now")
    runner()
    keys = wait_until(lambda: delivery.keys("errors/manifests/"), "the manifest is put aside")
    delivery.put("next")
    wait_until(lambda: warehouse.lines == ["next"], "the next line is in the warehouse")
    (entry,) = json.loads(emulator.objects(delivery.bucket, keys[0])[keys[0]])["entries"]
    key = entry["url"].removeprefix(f"s3://{delivery.bucket}/")
    assert gzip.decompress(emulator.objects(delivery.bucket, key)[key]) == b"lost-for-now\n"


def test_a_warehouse_that_was_unavailable_catches_up(deliver, warehouse, runner) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver()
    warehouse.stop()
    runner()
    for n in range(3):
        delivery.put(f"line-{n}")
        wait_until(lambda n=n: len(delivery.keys("lines/")) == n + 1, "the object is stored")
    wait_until(lambda: any(line["errorCode"] == "Redshift.ConnectionFailed" for line in delivery.log()), "it is logged")
    warehouse.start()
    wait_until(lambda: sorted(warehouse.lines) == ["line-0", "line-1", "line-2"], "all lines are in the warehouse")


@pytest.mark.parametrize("moment", ["lines/", "manifests/"])
def test_a_kill_loses_nothing(moment, deliver, warehouse, runner) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver()
    process = runner()
    for n in range(20):
        delivery.put(f"line-{n}")
        if n in (5, 10, 15):
            wait_until(lambda: delivery.keys(moment), f"there is something under {moment}")
            process.kill()
            process.wait()
            process = runner()
    wait_until(lambda: {f"line-{n}" for n in range(20)} == set(warehouse.lines), "every line is in the warehouse")


def test_without_the_permission_to_store_nothing_is_lost_and_it_is_logged(deliver, warehouse, runner, emulator) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver(grants=False)
    delivery.put("a")
    runner()
    wait_until(lambda: [line["errorCode"] for line in delivery.log()] == ["S3.AccessDenied"], "it is logged")
    delivery.put("b")
    emulator.grant(delivery.role, "store", ["s3:PutObject"], f"arn:aws:s3:::{delivery.bucket}/*")
    wait_until(lambda: warehouse.lines == ["a", "b"], "both lines are in the warehouse")


def test_a_role_that_asks_for_an_external_id_is_not_assumed_and_one_that_asks_for_the_account_is(  # type: ignore[no-untyped-def]
    deliver, warehouse, runner, emulator
) -> None:
    """https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role"""
    delivery = deliver()
    firehose = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
    emulator.trust(delivery.role, firehose | {"Condition": {"StringEquals": {"sts:ExternalId": ACCOUNT_ID}}})
    delivery.put("a")
    runner()
    log = emulator.settings.home / "local.firehose.log"
    refusal = "firehose.amazonaws.com is not authorized to perform: sts:AssumeRole"
    wait_until(lambda: refusal in log.read_text(), "it may not assume the role")
    assert delivery.keys("") == []
    emulator.trust(delivery.role, firehose | {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}})
    wait_until(lambda: warehouse.lines == ["a"], "the line is in the warehouse")


def test_a_stream_that_asks_for_what_is_missing_is_refused(deliver, warehouse, runner, emulator) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver(Prefix="x/!{timestamp:yyyy}/")
    delivery.put("a")
    runner()
    log = emulator.settings.home / "local.firehose.log"
    wait_until(lambda: f"{delivery.name}: refused: expressions in the prefixes" in log.read_text(), "it is refused")
    assert delivery.keys("") == []


CHECK = """
    import base64, json, os

    def handler(event, context):
        records = []
        for record in event["records"]:
            data = base64.b64decode(record["data"])
            if data.startswith(b"raise"):
                raise ValueError("as asked")
            result = "ProcessingFailed" if data.startswith(b"fail") else "Dropped" if data.startswith(b"junk") else "Ok"
            kept = base64.b64encode(data.rstrip(b"\\n") + b"\\n").decode()
            records.append({"recordId": record["recordId"], "result": result, "data": kept})
        return {"records": records}
"""


def test_a_delivery_survives_splits_and_merges_in_the_order_of_each_key(emulator, deliver, warehouse, runner) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver()
    runner()
    keys = [f"card-{number}" for number in range(6)]
    changes = ["split", "split", "merge"]
    for number, change in enumerate([*changes, ""]):
        for key in keys:
            emulator.put(delivery.source, f"{key} {number}\n".encode(), key=key)
        if change:
            emulator.reshard(delivery.source, change)
    wait_until(lambda: len(warehouse.lines) == 4 * len(keys), "all lines are in the warehouse", 60)
    for key in keys:
        assert [line for line in warehouse.lines if line.startswith(f"{key} ")] == [f"{key} {at}" for at in range(4)]


def test_records_go_through_the_function_and_what_it_fails_on_is_kept(emulator, deliver, warehouse, runner) -> None:  # type: ignore[no-untyped-def]
    delivery = deliver(function=CHECK)
    emulator.put(delivery.source, b"junk without a newline", b"good 1", b"fail\xff", b"good 2\n")
    runner()
    wait_until(lambda: sorted(warehouse.lines) == ["good 1", "good 2"], "the good lines are in the warehouse", 60)
    kept = emulator.objects(delivery.bucket, "errors/processing-failed/")
    lines = [json.loads(line) for body in kept.values() for line in body.splitlines()]
    assert [base64.b64decode(line["rawData"]) for line in lines] == [b"fail\xff"]
    emulator.put(delivery.source, b"raise", b"good 3")
    prefix = "errors/processing-failed/"
    wait_until(lambda: len(delivery.keys(prefix)) == 2, "the batch that the function fails on is given up", 60)
    emulator.put(delivery.source, b"good 4")
    wait_until(lambda: "good 4" in warehouse.lines, "the delivery continues", 60)
