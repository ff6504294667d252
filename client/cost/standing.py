"""What a stage costs by the month whatever is sent: the bill of an idle one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from client.cost.assumptions import DAY_HOURS, Assumptions
from client.cost.line import Line, is_ours
from client.cost.moving import CONSUMERS_READ
from client.cost.shape import HOURS

# Five pollers of an idle queue, each asking every 20 seconds: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
QUEUE_POLLS_PER_HOUR = 5 * 3600 / 20
ON_DEMAND_SHARDS = 4  # of a new stream on demand
DAILY_SECONDS, DAILY_READS = 2.0, 32  # of a daily run: measure-fraud looks at a day's drift and 30 days' alerts


def standing(usage: Mapping[str, Any], price: Mapping[str, float], given: Assumptions) -> Iterator[Line]:
    """The lines, by service."""
    yield from _stream(usage, price, given)
    ours = is_ours(usage)
    alarms = given.alarm_metrics if ours and given.alarm_metrics is not None else usage["alarms"]
    yield Line("CloudWatch", f"{alarms} alarm metrics", fixed=alarms * price["alarm_month"])
    if not ours:
        return
    yield Line("CloudWatch", f"{given.dashboards} dashboards", fixed=given.dashboards * price["dashboard_month"])
    yield Line("KMS", f"{given.kms_keys} keys", fixed=given.kms_keys * price["kms_key_month"])
    yield Line("Secrets Manager", f"{given.secrets} secrets", fixed=given.secrets * price["secret_month"])
    addresses = given.public_ipv4 * HOURS * price["ipv4_hour"]
    yield Line("VPC", f"{given.public_ipv4} public IPv4 addresses", fixed=addresses)
    polls = given.queues_polled * QUEUE_POLLS_PER_HOUR * HOURS * price["sqs_request"]
    yield Line("SQS", "polls of the empty merge queue", fixed=polls)
    runs = given.daily_runs * 30
    seconds = runs * DAILY_SECONDS * 0.5 * price["lambda_gb_second"]
    daily = runs * (price["lambda_request"] + DAILY_READS * price["dynamodb_read_unit"]) + seconds
    yield Line("Lambda", f"{given.daily_runs} runs a day", fixed=daily)
    if given.tables_provisioned:
        units = (
            given.table_write_units * price["dynamodb_write_hour"]
            + given.table_read_units * price["dynamodb_read_hour"]
        )
        yield Line("DynamoDB", "least capacity of the provisioned tables", fixed=HOURS * units)
    if given.batch_runs:
        hours = given.batch_runs * (10 / 60 + 2 * 3 / 60)
        yield Line("Glue", f"{given.batch_runs} nightly runs", fixed=hours * price["glue_dpu_hour"])
    if given.firewall_rules:
        fixed = price["firewall_month"] + given.firewall_rules * price["firewall_rule_month"]
        yield Line("WAF", f"{given.firewall_rules} rules", fixed=fixed)


def _stream(usage: Mapping[str, Any], price: Mapping[str, float], given: Assumptions) -> Iterator[Line]:
    on_demand = given.on_demand
    shards = ON_DEMAND_SHARDS if on_demand else given.shards
    hourly = price["kinesis_stream_hour"] if on_demand else shards * price["kinesis_shard_hour"]
    yield Line("Kinesis", "on demand" if on_demand else f"{shards} shards", fixed=HOURS * hourly)
    if not is_ours(usage):
        return
    if given.retention_hours > DAY_HOURS and not on_demand:
        longer = shards * HOURS * price["kinesis_extended_shard_hour"]
        yield Line("Kinesis", f"kept for {given.retention_hours} hours", fixed=longer)
    if given.fan_out and not on_demand:
        fan_out = given.fan_out * shards * HOURS * price["kinesis_fan_out_shard_hour"]
        yield Line("Kinesis", f"enhanced fan-out, {given.fan_out} consumers", fixed=fan_out)
    # A data key is asked for every five minutes, per shard, by its writer and each reader.
    asked = shards * (1 + CONSUMERS_READ) * HOURS * 12
    yield Line("KMS", "data keys of the stream", fixed=asked * price["kms_request"])
