"""What a stage leaves outside its stack: log groups that services make, and named stores of a stack that is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import SERVICE, Stage
from client.remove.emptying import empty

Report = Callable[[str], None]
CRAWLERS = "/aws-glue/crawlers"  # one group for all crawlers of an account; a stream for each


@dataclass(frozen=True)
class Leftover:
    """A store by its kind (bucket, table, stream, secret, log group, log stream) and name."""

    kind: str
    name: str


def log_leftovers(stage: Stage) -> list[Leftover]:
    """Log groups and streams of the stage that no template makes: Redshift's exports, the Glue job's, the crawler's."""
    logs, name = stage.client("logs"), f"{SERVICE}-{stage.name}"
    found = []
    for prefix in (f"/aws/redshift/{name}/", f"/aws-glue/{name}/"):
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            found += [Leftover("log group", group["logGroupName"]) for group in page["logGroups"]]
    try:
        streams = logs.describe_log_streams(logGroupName=CRAWLERS, logStreamNamePrefix=name)["logStreams"]
    except AwsError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        streams = []
    return found + [Leftover("log stream", one["logStreamName"]) for one in streams if one["logStreamName"] == name]


def orphans(stage: Stage) -> list[Leftover]:
    """Named stores and log groups of a stage whose stack is gone: a failed deploy or a retained store leaves them."""
    name = f"{SERVICE}-{stage.name}"
    found = [Leftover("bucket", one) for one in _buckets(stage, name)]
    tables = stage.client("dynamodb").get_paginator("list_tables").paginate()
    found += [Leftover("table", t) for page in tables for t in page["TableNames"] if t in _tables(name)]
    streams = stage.client("kinesis").get_paginator("list_streams").paginate()
    found += [Leftover("stream", s) for page in streams for s in page["StreamNames"] if s in _streams(name)]
    secrets = stage.client("secretsmanager").get_paginator("list_secrets").paginate()
    wanted = {f"{name}/{secret}" for secret in ("card-key", "warehouse-admin", "warehouse-loader")}
    found += [Leftover("secret", s["Name"]) for page in secrets for s in page["SecretList"] if s["Name"] in wanted]
    logs = stage.client("logs").get_paginator("describe_log_groups")
    for prefix in (f"/aws/lambda/{name}-", f"/aws/kinesisfirehose/{name}-", f"/aws/api-gateway/{name}"):
        for page in logs.paginate(logGroupNamePrefix=prefix):
            names = [group["logGroupName"] for group in page["logGroups"]]
            found += [Leftover("log group", one) for one in names if one in _groups(prefix, names, name)]
    return found + log_leftovers(stage)


def delete(stage: Stage, found: list[Leftover], report: Report) -> None:
    """Delete what was found; a table's protection is taken off first. Repeatable. Raises what boto3 does."""
    for one in found:
        _DELETE[one.kind](stage, one.name)
        report(f"{one.kind} {one.name}: deleted")


def _buckets(stage: Stage, name: str) -> Iterator[str]:
    account = stage.client("sts").get_caller_identity()["Account"]
    wanted = tuple(f"{name}-{part}-{account}" for part in ("lake", "quarantine", "delivery", "raw"))
    places = ("", f"-{stage.region}")
    for bucket in stage.client("s3").list_buckets()["Buckets"]:
        if bucket["Name"] in {f"{one}{place}" for one in wanted for place in places}:
            yield bucket["Name"]


def _tables(name: str) -> set[str]:
    parts = ("transactions", "merchants", "requests", "profiles", "risk", "alerts", "drift", "loads")
    return {f"{name}-{part}" for part in parts}


def _streams(name: str) -> set[str]:
    return {
        f"{name}-transactions",
        f"{name}-alerts",
    }  # the second: of an earlier release


def _groups(prefix: str, names: list[str], stage: str) -> set[str]:
    """Of a prefix's groups those of this stage: swipeline-dev- is no part of swipeline-dev-two-write-to-s3's name."""
    functions = (
        *("write-to-kinesis", "write-to-dynamodb", "write-to-s3", "query-transactions", "detect-fraud"),
        *("check-delivery", "measure-fraud", "merge-warehouse", "migrate-warehouse", "rotate-card-key"),
    )
    if prefix.startswith("/aws/lambda/"):
        return {f"/aws/lambda/{stage}-{function}" for function in functions} & set(names)
    if prefix.startswith("/aws/kinesisfirehose/"):
        return {f"/aws/kinesisfirehose/{stage}-to-warehouse"} & set(names)
    return {prefix} & set(names)


def _delete_bucket(stage: Stage, name: str) -> None:
    empty(stage.client("s3"), name)
    stage.client("s3").delete_bucket(Bucket=name)


def _delete_table(stage: Stage, name: str) -> None:
    client = stage.client("dynamodb")
    if client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)


_DELETE: dict[str, Callable[[Stage, str], Any]] = {
    "bucket": _delete_bucket,
    "table": _delete_table,
    "stream": lambda stage, name: stage.client("kinesis").delete_stream(StreamName=name, EnforceConsumerDeletion=True),
    "secret": lambda stage, name: stage.client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=30),
    "log group": lambda stage, name: stage.client("logs").delete_log_group(logGroupName=name),
    "log stream": lambda stage, name: stage.client("logs").delete_log_stream(logGroupName=CRAWLERS, logStreamName=name),
}
