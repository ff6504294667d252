"""What a run used, in the units that AWS charges for: read from the stack's counters, stores and logs afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.stack import CountedStack

POLLING = frozenset(
    {
        "GetRecords",
        "GetShardIterator",
        "ListShards",
        "DescribeStream",
        "DescribeStreamSummary",
        "DescribeStreamConsumer",
        "SubscribeToShard",
    }
)
_PUT_UNIT = 25_600  # https://aws.amazon.com/kinesis/data-streams/pricing/: 25 KB
_FIREHOSE_UNIT = 5_120  # https://aws.amazon.com/firehose/pricing/: each record rounded up to 5 KB


def usage(stack: CountedStack, service: str, transactions: int, since: datetime) -> dict[str, Any]:
    """Usage of one of the two services (`swipeline-local`, `swipeline-baseline-local`) since a moment (UTC)."""
    counted = stack.calls()
    of = [one for one in counted["calls"] if one["caller"].startswith(f"{service}-")]
    api = [one for one in counted["calls"] if one["service"] == "apigateway" and one["operation"].startswith("POST")]
    ours = [one for one in of if one["operation"] not in POLLING]
    requests = {f"{one['service']} {one['operation']}": 0 for one in ours}
    for one in ours:
        requests[f"{one['service']} {one['operation']}"] += one["requests"]
    functions = _functions(stack, service, since)
    return {
        "transactions": transactions,
        "api": {
            "requests": _sum(api, "requests"),
            "bytes_in": _sum(api, "bytes_in"),
            "bytes_out": _sum(api, "bytes_out"),
        },
        "functions": functions,
        "streams": _streams(stack, service),
        "tables": _tables(stack, service, counted["writes"]),
        "table_reads": sum(
            v for k, v in requests.items() if k in ("dynamodb GetItem", "dynamodb BatchGetItem", "dynamodb Query")
        ),
        "s3": {
            "puts": requests.get("s3 PUT", 0),
            "gets": requests.get("s3 GET", 0) + requests.get("s3 HEAD", 0),
            "stored": _stored(stack, service),
        },
        "secret_reads": requests.get("secretsmanager GetSecretValue", 0),
        "log_bytes": _log_bytes(stack, service),
        "metrics": len(_metrics(stack, service)),
        "alarms": len(_named(stack.client("cloudwatch"), "describe_alarms", "MetricAlarms", "AlarmName", service)),
        "requests": dict(sorted(requests.items())),
        "polling": _sum([one for one in of if one["operation"] in POLLING], "requests"),
    }


def _sum(counts: Iterable[dict[str, Any]], name: str) -> int:
    return sum(int(one.get(name, 0)) for one in counts)


def _named(client: Any, operation: str, key: str, name: str, service: str) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate()
    return [one for page in pages for one in page[key] if one[name].startswith(f"{service}-")]


def _functions(stack: CountedStack, service: str, since: datetime) -> dict[str, dict[str, float]]:
    """Invocations, their time and memory, by function."""
    cloudwatch = stack.client("cloudwatch")
    found = {}
    for function in _named(stack.client("lambda"), "list_functions", "Functions", "FunctionName", service):
        name = function["FunctionName"]
        window = {"StartTime": since - timedelta(seconds=60), "EndTime": datetime.now(UTC) + timedelta(seconds=60)}
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Duration",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            Period=60,
            Statistics=["Sum", "SampleCount"],
            **window,
        )["Datapoints"]
        found[name.removeprefix(f"{service}-")] = {
            "invocations": sum(point["SampleCount"] for point in points),
            "milliseconds": sum(point["Sum"] for point in points),
            "memory_mib": function["MemorySize"],
        }
    return found


def _streams(stack: CountedStack, service: str) -> dict[str, dict[str, int]]:
    """Records, bytes and units of each stream, from the records that it holds."""
    kinesis = stack.client("kinesis")
    found = {}
    for name in kinesis.list_streams()["StreamNames"]:
        if not name.startswith(f"{service}-"):
            continue
        count = {"records": 0, "bytes": 0, "put_units": 0, "firehose_bytes": 0}
        shards = kinesis.list_shards(StreamName=name)["Shards"]
        for shard in shards:
            cursor = kinesis.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            while cursor:
                page = kinesis.get_records(ShardIterator=cursor, Limit=10_000)
                for record in page["Records"]:
                    size = len(record["Data"]) + len(record["PartitionKey"])
                    count["records"] += 1
                    count["bytes"] += size
                    count["put_units"] += math.ceil(size / _PUT_UNIT)
                    count["firehose_bytes"] += math.ceil(len(record["Data"]) / _FIREHOSE_UNIT) * _FIREHOSE_UNIT
                if not page["MillisBehindLatest"]:
                    break
                cursor = page.get("NextShardIterator")
        found[name.removeprefix(f"{service}-")] = {"shards": len(shards), **count}
    return found


def _tables(stack: CountedStack, service: str, writes: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Write units of each table, its indexes included: an index entry costs what it holds, at least one unit."""
    dynamodb = stack.client("dynamodb")
    found = {}
    for table, count in writes.items():
        if not table.startswith(f"{service}-"):
            continue
        about = dynamodb.describe_table(TableName=table)["Table"]
        units = count["units"]
        for index in about.get("GlobalSecondaryIndexes", []):
            units += count["units"] if index["Projection"]["ProjectionType"] == "ALL" else count["puts"]
        found[table.removeprefix(f"{service}-")] = {
            "puts": count["puts"],
            "write_units": units,
            "bytes_written": count["bytes"],
            "indexes": len(about.get("GlobalSecondaryIndexes", [])),
        }
    return found


def _stored(stack: CountedStack, service: str) -> dict[str, int]:
    s3, found = stack.client("s3"), {}
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(f"{service}-"):
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"])
            sizes = [item["Size"] for page in pages for item in page.get("Contents", [])]
            found[bucket["Name"].removeprefix(f"{service}-")] = sum(sizes)
    return found


def _log_bytes(stack: CountedStack, service: str) -> int:
    """Bytes of the functions' logs, as CloudWatch counts them: 26 more for each event."""
    logs, total = stack.client("logs"), 0
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{service}-")["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            total += sum(len(event["message"].encode()) + 26 for event in page["events"])
    return total


def _metrics(stack: CountedStack, service: str) -> list[dict[str, Any]]:
    if service != "swipeline-local":
        return []
    pages = stack.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace="Swipeline")
    return [metric for page in pages for metric in page["Metrics"]]
