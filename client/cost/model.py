"""From usage to a bill. Pure: the counts come from a measured run, the prices from a file with a date."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.cost.shards import Load
from client.cost.template import Inventory

HOURS = 730  # a month, as AWS's own calculator has it
SECONDS = HOURS * 3600
GB = 1024**3
DAY_HOURS = 24  # of retention, in the price of a stream
STATEMENTS_PER_PASS = 3  # of merge-warehouse: a look, a merge, a look at the marts; each reads the login
PRICES = Path(__file__).with_name("prices.json")
_SCHEDULED = frozenset({"merge-warehouse", "migrate-warehouse"})  # run by the clock, whatever the rate
_READERS = ("write-to-dynamodb", "write-to-s3", "detect-fraud", "to-")  # and the baseline's to-dynamodb, ...


@dataclass(frozen=True)
class Assumptions:
    """What no run of the embedded AWS can measure: the stage's sizes, and what runs by the clock."""

    on_demand: bool = False  # the stream's mode
    alerts_on_demand: bool = True  # as well; a template says so
    rpu: int = 8  # Redshift Serverless's base capacity
    warehouse_hours: float = HOURS  # a month, in which it computes: all of them when it merges every minute
    merge_seconds: float = 15.0  # of each minute in which merge-warehouse runs
    batch_runs: int = 30  # of the batch path a month; a crawler for 10 minutes, 2 workers for 3
    dashboards: int = 2
    secrets: int = 3
    alarm_metrics: int | None = None  # each metric of a math expression; None: the alarms of the measured run
    kms_keys: int = 2
    public_ipv4: int = 3
    retention_hours: int = 24
    merge_every_seconds: int = 60
    firewall_rules: int = 0
    transfer_out: bool = True  # senders are outside of AWS
    cards: int | None = None  # that pay, all as often; None: the profiles are written as often as in the measured run
    detect_seconds: float = 2.0  # the window of detect-fraud's batches, in which a card's profile is written once


@dataclass(frozen=True)
class Line:
    """A position of the bill in dollars: `variable` per million transactions, `fixed` per month.

    `kept` is what a million transactions, once stored, cost every month from then on.
    """

    service: str
    what: str
    variable: float = 0.0
    fixed: float = 0.0
    kept: float = 0.0


@dataclass(frozen=True)
class Bill:
    """All positions for a rate of transactions per second."""

    rate: float
    lines: list[Line]

    @property
    def variable(self) -> float:
        """Dollars per million transactions."""
        return sum(line.variable for line in self.lines)

    @property
    def fixed(self) -> float:
        """Dollars per month, at no transaction at all."""
        return sum(line.fixed for line in self.lines)

    @property
    def millions(self) -> float:
        """Transactions a month at the rate, in millions."""
        return self.rate * SECONDS / 1e6

    @property
    def month(self) -> float:
        """Dollars of the first month, storage of its own transactions included."""
        return self.fixed + self.millions * (self.variable + sum(line.kept for line in self.lines))

    def services(self) -> dict[str, Line]:
        """Sums by service, in the order of the bill."""
        found: dict[str, Line] = {}
        for line in self.lines:
            before = found.get(line.service, Line(line.service, ""))
            found[line.service] = Line(
                line.service, "", before.variable + line.variable, before.fixed + line.fixed, before.kept + line.kept
            )
        return found


def assume(found: Inventory, **given: Any) -> Assumptions:
    """The assumptions that a stage's template makes; ``given`` ones go before them."""
    of_template: dict[str, Any] = {
        "on_demand": found.on_demand,
        "alerts_on_demand": all(stream.shards is None for stream in found.streams),
        "retention_hours": max((stream.retention_hours for stream in found.streams), default=DAY_HOURS),
        "rpu": found.rpu or Assumptions.rpu,
        **{name: getattr(found, name) for name in _COUNTED},
    }
    return Assumptions(**(of_template | given))


_COUNTED = (
    *("alarm_metrics", "dashboards", "kms_keys", "secrets", "public_ipv4", "merge_every_seconds", "firewall_rules"),
)


def read_prices(path: Path = PRICES) -> dict[str, Any]:
    """The price file: region, date, source, and prices by name."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def bill(usage: Mapping[str, Any], prices: Mapping[str, Any], rate: float, given: Assumptions) -> Bill:
    """The bill of a usage (benchmarks/usage.py) at a rate. Raises KeyError when the usage lacks a count."""
    price = {name: float(value[0]) for name, value in prices["prices"].items()}
    per_million = 1e6 / usage["transactions"]
    return Bill(rate, list(_lines(usage, price, per_million, rate, given)))


def stream_load(usage: Mapping[str, Any]) -> Load:
    """What a transaction puts on the stream of transactions, and who reads it: each function with records, Firehose."""
    stream = usage["streams"]["transactions"]
    readers = sum(1 for name in usage["functions"] if name.startswith(_READERS))
    delivered = 1 if "write-to-kinesis" in usage["functions"] else 0
    count = usage["transactions"]
    return Load(stream["bytes"] / count, stream["records"] / count, readers + delivered)


def profile_writes(cards: int, batch: float) -> float:
    """Writes of a card's profile per transaction: the cards expected in a batch, by its transactions.

    A run that replays few cards' history in seconds writes a profile for many transactions at once; a bank's cards
    rarely pay twice within seconds, and then every transaction writes one.
    """
    batch = max(1.0, batch)
    return min(1.0, cards * (1 - (1 - 1 / cards) ** batch) / batch)


def _lines(
    usage: Mapping[str, Any], price: Mapping[str, float], per_million: float, rate: float, given: Assumptions
) -> Iterator[Line]:
    api = usage["api"]
    yield Line("API Gateway", "requests", api["requests"] * per_million * price["api_request"])
    if given.transfer_out:
        yield Line("API Gateway", "answers to the internet", api["bytes_out"] * per_million / GB * price["data_out_gb"])
    yield from _functions(usage["functions"], price, per_million, given)
    yield from _streams(usage, price, per_million, rate, given)
    for name, table in usage["tables"].items():
        units = table["write_units"] * per_million
        if name == "profiles" and given.cards:
            units = (
                1e6 * profile_writes(given.cards, rate * given.detect_seconds) * table["write_units"] / table["puts"]
            )
        kept = table["bytes_written"] * per_million / GB * price["dynamodb_gb_month"] if name == "transactions" else 0.0
        yield Line("DynamoDB", f"write units, {name}", units * price["dynamodb_write_unit"], kept=kept)
    yield Line("DynamoDB", "reads", usage["table_reads"] * per_million * price["dynamodb_read_unit"])
    s3 = usage["s3"]
    requests = s3["puts"] * price["s3_put"] + s3["gets"] * price["s3_get"]
    kept = sum(s3["stored"].values()) * per_million / GB * price["s3_gb_month"]
    yield Line("S3", "requests, objects", requests * per_million, kept=kept)
    yield Line("CloudWatch", "logs", usage["log_bytes"] * per_million / GB * price["log_gb"])
    yield Line("CloudWatch", f"{usage['metrics']} metrics", fixed=usage["metrics"] * price["metric_month"])
    ours = "write-to-kinesis" in usage["functions"]
    alarms = given.alarm_metrics if ours and given.alarm_metrics is not None else usage["alarms"]
    yield Line("CloudWatch", f"{alarms} alarm metrics", fixed=alarms * price["alarm_month"])
    if ours:
        reads = usage["secret_reads"] * per_million * price["secret_read"]
        yield Line("Secrets Manager", "secrets", reads, given.secrets * price["secret_month"])
        yield from _standing(price, given)
        hours = given.batch_runs * (10 / 60 + 2 * 3 / 60)
        yield Line("Glue", f"{given.batch_runs} batch runs", fixed=hours * price["glue_dpu_hour"])
    rpu_hours = given.rpu * given.warehouse_hours
    yield Line("Redshift Serverless", f"{given.rpu} RPU", fixed=rpu_hours * price["redshift_rpu_hour"])


def _standing(price: Mapping[str, float], given: Assumptions) -> Iterator[Line]:
    """What a stage has of keys, addresses, dashboards, and the statements that run by the clock."""
    yield Line("CloudWatch", f"{given.dashboards} dashboards", fixed=given.dashboards * price["dashboard_month"])
    yield Line("KMS", f"{given.kms_keys} keys", fixed=given.kms_keys * price["kms_key_month"])
    statements = given.warehouse_hours * 3600 / given.merge_every_seconds * STATEMENTS_PER_PASS
    read = price["secret_read"] + price["kms_request"]  # the secret lies under a key of the stage
    yield Line("Secrets Manager", "reads by the Data API", fixed=statements * read)
    addresses = given.public_ipv4 * HOURS * price["ipv4_hour"]
    yield Line("VPC", f"{given.public_ipv4} public IPv4 addresses", fixed=addresses)
    if given.firewall_rules:
        fixed = price["firewall_month"] + given.firewall_rules * price["firewall_rule_month"]
        yield Line("WAF", f"{given.firewall_rules} rules", fixed=fixed)


def _functions(
    functions: Mapping[str, Any], price: Mapping[str, float], per_million: float, given: Assumptions
) -> Iterator[Line]:
    for name, function in functions.items():
        memory = function["memory_mib"] / 1024
        if name in _SCHEDULED:
            if name == "merge-warehouse":
                minutes = HOURS * 60
                seconds = minutes * given.merge_seconds * memory
                cost = minutes * price["lambda_request"] + seconds * price["lambda_gb_second"]
                yield Line("Lambda", f"{name}, every minute", fixed=cost)
            continue
        if not function["invocations"]:
            continue
        seconds = function["milliseconds"] / 1000 * memory
        cost = function["invocations"] * price["lambda_request"] + seconds * price["lambda_gb_second"]
        yield Line("Lambda", name, cost * per_million)


def _streams(
    usage: Mapping[str, Any], price: Mapping[str, float], per_million: float, rate: float, given: Assumptions
) -> Iterator[Line]:
    load = stream_load(usage)
    for name, stream in usage["streams"].items():
        main = name == "transactions"
        gigabytes = stream["bytes"] * per_million / GB
        consumers = load.consumers if main else 1
        if given.on_demand and (main or given.alerts_on_demand):
            moved = gigabytes * (price["kinesis_in_gb"] + consumers * price["kinesis_out_gb"])
            yield Line("Kinesis", f"{name}, on demand", moved, HOURS * price["kinesis_stream_hour"])
            shards = 4
            longer = gigabytes * (given.retention_hours - DAY_HOURS) / HOURS * price["kinesis_extended_gb_month"]
        else:
            shards = load.shards(rate) if main else 1
            units = stream["put_units"] * per_million * price["kinesis_put_unit"]
            what = f"{name}, {shards} shard{'s' if shards > 1 else ''}"
            yield Line("Kinesis", what, units, shards * HOURS * price["kinesis_shard_hour"])
            longer = shards * HOURS * price["kinesis_extended_shard_hour"]
        if "write-to-kinesis" in usage["functions"]:
            if given.retention_hours > DAY_HOURS:
                paid = "variable" if given.on_demand and (main or given.alerts_on_demand) else "fixed"
                what = f"{name}, kept for {given.retention_hours} hours"
                yield Line("Kinesis", what, **{paid: longer})
            # A data key is asked for every five minutes, per shard, by its writer and each reader.
            asked = shards * (1 + consumers) * HOURS * 12
            yield Line("KMS", f"keys of {name}", fixed=asked * price["kms_request"])
            cost = stream["firehose_bytes"] * per_million / GB * price["firehose_gb"]
            yield Line("Firehose", name, cost)
