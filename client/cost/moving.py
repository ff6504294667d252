"""What a million transactions cost: what is counted by request, unit and byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from client.cost.assumptions import DAY_HOURS, Assumptions
from client.cost.line import Line, is_ours
from client.cost.shape import HOURS
from client.cost.shards import Load

GB = 1024**3
CONSUMERS_READ = 4  # three functions and Firehose read the stream
PROVISIONED_TABLES = ("transactions", "profiles")  # resources/plugins/table-capacity.js
_SCHEDULED = frozenset({"merge-warehouse", "migrate-warehouse"})  # merge-warehouse: client/cost/warehouse.py
_READERS = ("write-to-dynamodb", "write-to-s3", "detect-fraud", "to-")  # and the baseline's to-dynamodb, ...


def stream_load(usage: Mapping[str, Any], fan_out: int = 0) -> Load:
    """What a transaction puts on the stream of transactions, and who reads it: each function with records, Firehose."""
    stream = usage["streams"]["transactions"]
    readers = sum(1 for name in usage["functions"] if name.startswith(_READERS))
    delivered = 1 if is_ours(usage) else 0
    count = usage["transactions"]
    return Load(stream["bytes"] / count, stream["records"] / count, max(0, readers - fan_out) + delivered)


def profile_writes(cards: int, batch: float) -> float:
    """Writes of a card's profile per transaction: the cards expected in a batch, by its transactions.

    A run that replays few cards' history in seconds writes a profile for many transactions at once; a bank's cards
    rarely pay twice within seconds, and then every transaction writes one.
    """
    batch = max(1.0, batch)
    return min(1.0, cards * (1 - (1 - 1 / cards) ** batch) / batch)


def moving(usage: Mapping[str, Any], price: Mapping[str, float], rate: float, given: Assumptions) -> Iterator[Line]:
    """The lines, by service. Raises KeyError when the usage lacks a count."""
    per_million = 1e6 / usage["transactions"]
    api = usage["api"]
    yield Line("API Gateway", "requests", api["requests"] * per_million * price["api_request"])
    if given.transfer_out:
        yield Line("API Gateway", "answers to the internet", api["bytes_out"] * per_million / GB * price["data_out_gb"])
    yield from _functions(usage["functions"], price, per_million)
    yield from _stream(usage, price, per_million, given)
    if is_ours(usage):
        size = sum(stream["firehose_bytes"] for stream in usage["streams"].values())
        yield Line("Firehose", "transactions and alerts", size * per_million / GB * price["firehose_gb"])
    yield from _tables(usage, price, per_million, rate, given)
    s3 = usage["s3"]
    requests = s3["puts"] * price["s3_put"] + s3["gets"] * price["s3_get"]
    kept = sum(s3["stored"].values()) * per_million / GB * price["s3_gb_month"]
    yield Line("S3", "requests, objects", requests * per_million, kept=kept)
    yield Line("CloudWatch", "logs", usage["log_bytes"] * per_million / GB * price["log_gb"])
    if is_ours(usage):
        yield Line("Secrets Manager", "reads", usage["secret_reads"] * per_million * price["secret_read"])


def _functions(functions: Mapping[str, Any], price: Mapping[str, float], per_million: float) -> Iterator[Line]:
    for name, function in functions.items():
        if name in _SCHEDULED or not function["invocations"]:
            continue
        seconds = function["milliseconds"] / 1000 * function["memory_mib"] / 1024
        cost = function["invocations"] * price["lambda_request"] + seconds * price["lambda_gb_second"]
        yield Line("Lambda", name, cost * per_million)


def _stream(
    usage: Mapping[str, Any], price: Mapping[str, float], per_million: float, given: Assumptions
) -> Iterator[Line]:
    stream = usage["streams"]["transactions"]
    gigabytes = stream["bytes"] * per_million / GB
    consumers = stream_load(usage).consumers
    shared = max(0, consumers - given.fan_out)
    if given.on_demand:
        moved = price["kinesis_in_gb"] + shared * price["kinesis_out_gb"]
        moved += (consumers - shared) * price["kinesis_fan_out_on_demand_gb"]
        yield Line("Kinesis", "written and read, on demand", gigabytes * moved)
        if given.retention_hours > DAY_HOURS and is_ours(usage):
            longer = gigabytes * (given.retention_hours - DAY_HOURS) / HOURS * price["kinesis_extended_gb_month"]
            yield Line("Kinesis", f"kept for {given.retention_hours} hours", longer)
        return
    units = stream["put_units"] * per_million * price["kinesis_put_unit"]
    fan_out = (consumers - shared) * gigabytes * price["kinesis_fan_out_gb"]
    yield Line("Kinesis", "put units", units + fan_out)


def _tables(
    usage: Mapping[str, Any], price: Mapping[str, float], per_million: float, rate: float, given: Assumptions
) -> Iterator[Line]:
    # A provisioned unit does 3,600 writes an hour; auto scaling keeps the capacity above what is used.
    provisioned = price["dynamodb_write_hour"] / 3600 / given.table_utilization
    for name, table in usage["tables"].items():
        units = table["write_units"] * per_million
        if name == "profiles" and given.cards:
            batch = given.shape.busy_rate(rate) * given.detect_seconds
            units = 1e6 * profile_writes(given.cards, batch) * table["write_units"] / table["puts"]
        kept = table["bytes_written"] * per_million / GB * price["dynamodb_gb_month"] if name == "transactions" else 0.0
        by_hour = given.tables_provisioned and is_ours(usage) and name in PROVISIONED_TABLES
        unit = provisioned if by_hour else price["dynamodb_write_unit"]
        yield Line("DynamoDB", f"write units, {name}", units * unit, kept=kept)
    yield Line("DynamoDB", "reads", usage["table_reads"] * per_million * price["dynamodb_read_unit"])
