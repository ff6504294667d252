"""Configuration, buffering, names and the COPY command, as Firehose's guide describes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.firehose.buffer import Buffer
from local.firehose.copy_command import copy_sql, error_code
from local.firehose.model import LogTarget, UnsupportedStreamError, parse_stream
from local.firehose.naming import error_manifest_key, manifest_body, manifest_key, object_key
from local.firehose.store import Store
from local.kinesis_reader import AFTER, AT_TIMESTAMP, Position, Record

ROLE = "arn:aws:iam::000000000000:role/delivery"
UNIQUE = UUID("89605e0e-26bf-4017-a102-338ceb15481d")
AT = datetime(2018, 7, 22, 7, 56, 4, tzinfo=UTC).timestamp()
URL = "jdbc:redshift://swipeline-local.000000000000.us-east-1.redshift-serverless.amazonaws.com:5439/swipeline"


def description(redshift: dict[str, Any] | None = None, s3: dict[str, Any] | None = None) -> dict[str, Any]:
    """What DescribeDeliveryStream gives, with changes."""
    return {
        "DeliveryStreamName": "mydeliverystream",
        "DeliveryStreamARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/mydeliverystream",
        "DeliveryStreamType": "KinesisStreamAsSource",
        "VersionId": "3",
        "CreateTimestamp": datetime(2018, 7, 1, tzinfo=UTC),
        "Source": {
            "KinesisStreamSourceDescription": {
                "KinesisStreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
                "RoleARN": ROLE,
                "DeliveryStartTimestamp": datetime(2018, 7, 2, tzinfo=UTC),
            }
        },
        "Destinations": [
            {
                "RedshiftDestinationDescription": {
                    "RoleARN": ROLE,
                    "ClusterJDBCURL": URL,
                    "CopyCommand": {
                        "DataTableName": "staging.transaction",
                        "DataTableColumns": "a, b",
                        "CopyOptions": "JSON 'auto' GZIP",
                    },
                    "RetryOptions": {"DurationInSeconds": 0},
                    "S3DestinationDescription": {
                        "BucketARN": "arn:aws:s3:::testings3",
                        "RoleARN": ROLE,
                        "Prefix": "transactions/",
                        "ErrorOutputPrefix": "errors/",
                        "CompressionFormat": "GZIP",
                        "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
                    }
                    | (s3 or {}),
                }
                | (redshift or {})
            }
        ],
    }


STREAM = parse_stream(description())


def test_the_configuration_is_read() -> None:
    assert (STREAM.workgroup, STREAM.database) == ("swipeline-local", "swipeline")
    assert (STREAM.bucket, STREAM.buffer_bytes, STREAM.buffer_seconds) == ("testings3", 1024 * 1024, 60)
    assert STREAM.retry_seconds == 0
    assert STREAM.secret_arn is None
    assert STREAM.starts_at == datetime(2018, 7, 2, tzinfo=UTC).timestamp()


def test_what_is_left_out_has_the_defaults_of_aws() -> None:
    changed = description({"RetryOptions": None}, {"BufferingHints": None, "ErrorOutputPrefix": None, "Prefix": None})
    stream = parse_stream(changed)
    assert (stream.buffer_bytes, stream.buffer_seconds, stream.retry_seconds) == (5 * 1024 * 1024, 300, 3600)
    assert (stream.prefix, stream.error_prefix) == ("", "errors/")


def test_the_secret_and_the_logs_are_read() -> None:
    logs = {"Enabled": True, "LogGroupName": "g", "LogStreamName": "s"}
    secret = {"Enabled": True, "SecretARN": "arn:secret", "RoleARN": "arn:role"}
    stream = parse_stream(description({"SecretsManagerConfiguration": secret, "CloudWatchLoggingOptions": logs}))
    assert (stream.secret_arn, stream.secret_role_arn) == ("arn:secret", "arn:role")
    assert (stream.copy_log, stream.s3_log) == (LogTarget("g", "s"), None)


@pytest.mark.parametrize(
    ("redshift", "s3", "reason"),
    [
        ({"ProcessingConfiguration": {"Enabled": True}}, {}, "ProcessingConfiguration"),
        ({"S3BackupMode": "Enabled"}, {}, "S3BackupMode"),
        ({"ClusterJDBCURL": "jdbc:redshift://c.x.us-east-1.redshift.amazonaws.com:5439/d"}, {}, "Serverless"),
        ({"S3DestinationDescription": None}, {}, "S3 configuration"),
        ({}, {"CompressionFormat": "Snappy"}, "CompressionFormat"),
        ({}, {"Prefix": "x/!{timestamp:yyyy}/"}, "expressions"),
        ({}, {"EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": "k"}}}, "KMSEncryptionConfig"),
    ],
)
def test_what_is_not_supported_is_refused_with_its_name(redshift: Any, s3: Any, reason: str) -> None:
    with pytest.raises(UnsupportedStreamError, match=reason):
        parse_stream(description(redshift, s3))


def test_other_sources_and_destinations_are_refused() -> None:
    with pytest.raises(UnsupportedStreamError, match="source"):
        parse_stream(description() | {"DeliveryStreamType": "MSKAsSource"})
    with pytest.raises(UnsupportedStreamError, match="source"):
        parse_stream(description() | {"Source": {}})
    with pytest.raises(UnsupportedStreamError, match="destination"):
        parse_stream(description() | {"Destinations": [{"ExtendedS3DestinationDescription": {}}]})


def test_objects_and_manifests_have_the_documented_names() -> None:
    name = "mydeliverystream-3-2018-07-22-07-56-04-89605e0e-26bf-4017-a102-338ceb15481d"
    assert object_key(STREAM, AT, UNIQUE) == f"transactions/2018/07/22/07/{name}.gz"
    assert manifest_key(STREAM, AT, UNIQUE) == f"manifests/2018/07/22/07/{name}"
    assert error_manifest_key(STREAM, manifest_key(STREAM, AT, UNIQUE)) == f"errors/manifests/2018/07/22/07/{name}"


def test_a_manifest_names_objects_that_have_to_be_there() -> None:
    assert json.loads(manifest_body("b", ["x/1", "x/2"])) == {
        "entries": [{"url": "s3://b/x/1", "mandatory": True}, {"url": "s3://b/x/2", "mandatory": True}]
    }


def test_the_copy_is_built_as_firehose_builds_it() -> None:
    assert copy_sql(STREAM, "manifests/m") == (
        "COPY staging.transaction (a, b) FROM 's3://testings3/manifests/m' "
        "CREDENTIALS 'aws_iam_role=arn:aws:iam::000000000000:role/delivery' MANIFEST JSON 'auto' GZIP;"
    )


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('relation "staging.transaction" does not exist', "Redshift.TableNotFound"),
        ("Load into table 'x' failed. Check 'stl_load_errors' system table for details.", "Redshift.DataLoadFailed"),
        ('syntax error at or near "COPPY"', "Redshift.SyntaxError"),
        ('Could not connect to the endpoint URL: "http://127.0.0.1:4567/"', "Redshift.ConnectionFailed"),
        ("something else", "Redshift.CopyFailed"),
    ],
)
def test_errors_have_firehoses_codes(message: str, code: str) -> None:
    assert error_code(message) == code


RECORDS = st.lists(st.tuples(st.sampled_from(["s0", "s1"]), st.binary(max_size=40), st.floats(0, 30)), max_size=40)


@given(RECORDS, st.integers(1, 100), st.sampled_from([0.0, 5.0, 1000.0]))
def test_a_buffer_loses_splits_and_reorders_nothing(
    items: list[tuple[str, bytes, float]], most: int, wait: float
) -> None:
    buffer = Buffer(most, wait)
    now, taken = 1000.0, []
    for n, (shard, data, pause) in enumerate(items):
        now += pause
        buffer.add(shard, Record(str(n), "k", data, now), now)
        while (chunk := buffer.take(now)) is not None:
            taken.append(chunk)
    while (due := buffer.due()) is not None:
        now = max(now, due)
        chunk = buffer.take(now)
        assert chunk is not None
        taken.append(chunk)
    assert [source.record.data for chunk in taken for source in chunk.records] == [data for _, data, _ in items]
    assert all(chunk.size <= most or len(chunk.records) == 1 for chunk in taken)
    assert all(len(chunk.records) > 0 for chunk in taken)
    # Reading may continue behind the last chunk's numbers: together they are the last of each shard.
    last: dict[str, str] = {}
    for chunk in taken:
        last |= chunk.last
    assert last == {shard: str(n) for n, (shard, _, _) in enumerate(items)}


def test_a_buffer_waits_for_its_size_or_its_time() -> None:
    buffer = Buffer(100, 60)
    record = Record("1", "k", b"x" * 40, 0)
    buffer.add("s", record, 1000)
    buffer.add("s", record, 1030)
    assert buffer.take(1059.9) is None
    chunk = buffer.take(1060)
    assert chunk is not None
    assert b"".join(source.record.data for source in chunk.records) == b"x" * 80
    for _ in range(3):
        buffer.add("s", record, 2000)
    chunk = buffer.take(2000)
    assert chunk is not None
    assert chunk.size == 80
    assert buffer.take(2000) is None


def test_a_chunk_that_could_not_be_stored_is_the_next_again() -> None:
    buffer = Buffer(10, 0)
    for n in range(3):
        buffer.add("s", Record(str(n), "k", b"x" * 10, 0), 0)
    chunk = buffer.take(0)
    assert chunk is not None
    buffer.put_back(chunk)
    assert buffer.take(0) is chunk


def test_a_stored_object_and_its_position_are_remembered_together(tmp_path: Path) -> None:
    store = Store(tmp_path / "f.sqlite")
    store.add_shard("d", "s0", Position(AT_TIMESTAMP, "1.5"))
    store.stored("d", "key-1", {"s0": "41"})
    # Not closed, as after a kill.
    again = Store(tmp_path / "f.sqlite")
    assert again.positions("d") == {"s0": Position(AFTER, "41")}
    assert again.waiting("d") == 1


def test_a_copy_that_was_started_is_found_again_until_it_is_ended(tmp_path: Path) -> None:
    store = Store(tmp_path / "f.sqlite")
    store.stored("d", "key-1", {})
    store.stored("d", "key-2", {})
    copying = store.begin_copy("d", "manifest", "token", 1.0)
    store.executing("manifest", "statement")
    store.stored("d", "key-3", {})
    again = Store(tmp_path / "f.sqlite").current_copy("d")
    assert copying is not None
    assert again == copying._replace(statement_id="statement")
    assert again is not None
    assert again.keys == ("key-1", "key-2")
    store.failed_once("manifest")
    failed = store.current_copy("d")
    assert failed is not None
    assert (failed.attempts, failed.statement_id) == (1, None)
    store.end_copy("manifest")
    assert store.current_copy("d") is None
    assert store.waiting("d") == 1


def test_delivery_streams_do_not_see_each_others_objects(tmp_path: Path) -> None:
    store = Store(tmp_path / "f.sqlite")
    store.stored("d", "key-1", {})
    assert store.begin_copy("e", "m", "t", 1.0) is None
    store.report("d", "Running")
    store.keep_only(["e"])
    assert store.waiting("d") == 0
