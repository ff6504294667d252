"""The cost model: each service's line is its count by its price; the rate moves shards and the month, nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from client import cli
from client.cost import template
from client.cost.model import (
    GB,
    HOURS,
    PRICES,
    SECONDS,
    Assumptions,
    Bill,
    assume,
    bill,
    profile_writes,
    read_prices,
    stream_load,
)
from client.cost.shards import Load
from tests.template.template import packaged

PRICED = read_prices()
USAGE: dict[str, Any] = {
    "transactions": 1000,
    "api": {"requests": 2, "bytes_in": 600_000, "bytes_out": 40_000},
    "functions": {
        "write-to-kinesis": {"invocations": 2, "milliseconds": 100, "memory_mib": 1024},
        "write-to-dynamodb": {"invocations": 1, "milliseconds": 500, "memory_mib": 1024},
        "write-to-s3": {"invocations": 1, "milliseconds": 80, "memory_mib": 1024},
        "detect-fraud": {"invocations": 1, "milliseconds": 200, "memory_mib": 1024},
        "query-transactions": {"invocations": 0, "milliseconds": 0, "memory_mib": 1024},
        "merge-warehouse": {"invocations": 3, "milliseconds": 99_000, "memory_mib": 512},
    },
    "streams": {
        "transactions": {"shards": 1, "records": 64, "bytes": 350_000, "put_units": 64, "firehose_bytes": 655_360},
        "alerts": {"shards": 1, "records": 1, "bytes": 500, "put_units": 1, "firehose_bytes": 5120},
    },
    "tables": {
        "transactions": {"puts": 1000, "write_units": 3000, "bytes_written": 700_000, "indexes": 2},
        "profiles": {"puts": 50, "write_units": 50, "bytes_written": 20_000, "indexes": 0},
        "requests": {"puts": 2, "write_units": 2, "bytes_written": 200, "indexes": 0},
    },
    "table_reads": 2,
    "s3": {"puts": 4, "gets": 1, "stored": {"lake-000000000000": 90_000}},
    "secret_reads": 1,
    "log_bytes": 8_000,
    "metrics": 50,
    "alarms": 20,
    "requests": {},
    "polling": 10,
}


def price(name: str) -> float:
    return float(PRICED["prices"][name][0])


def of(usage: dict[str, Any] = USAGE, rate: float = 100.0, **given: Any) -> Bill:
    return bill(usage, PRICED, rate, Assumptions(**given))


def test_each_services_variable_cost_is_its_count_by_its_price() -> None:
    services = of().services()
    assert services["DynamoDB"].variable == pytest.approx((3000 + 50 + 2) * 1000 * 6.25e-7 + 2 * 1000 * 1.25e-7)
    assert services["API Gateway"].variable == pytest.approx(2000 * 3.5e-6 + 40_000 * 1000 / GB * 0.09)
    assert services["Firehose"].variable == pytest.approx((655_360 + 5120) * 1000 / GB * 0.029)
    assert services["S3"].variable == pytest.approx(1000 * (4 * 5e-6 + 4e-7))
    assert services["Lambda"].variable == pytest.approx(1000 * (5 * 2e-7 + 0.88 * price("lambda_gb_second")))
    assert services["Kinesis"].variable == pytest.approx(65 * 1000 * 1.4e-8)
    assert services["CloudWatch"].variable == pytest.approx(8000 * 1000 / GB * 0.5)


def test_the_bill_is_the_sum_of_its_lines_and_the_floor_is_dynamodbs_write_units() -> None:
    one = of()
    assert one.variable == pytest.approx(sum(line.variable for line in one.lines))
    assert one.month == pytest.approx(one.fixed + one.millions * (one.variable + sum(line.kept for line in one.lines)))
    units = next(line for line in one.lines if line.what == "write units, transactions")
    assert units.variable == pytest.approx(3 * 0.625)
    assert units.variable / one.variable > 0.9


def test_twice_the_counts_for_twice_the_transactions_are_the_same_bill_per_million() -> None:
    twice = copy.deepcopy(USAGE)
    twice["transactions"] *= 2
    for part in ("api", "s3"):
        twice[part] = {
            k: v * 2 if isinstance(v, int) else {n: m * 2 for n, m in v.items()} for k, v in twice[part].items()
        }
    for group, keep in (("functions", "memory_mib"), ("streams", "shards"), ("tables", "indexes")):
        twice[group] = {
            name: {k: v if k == keep else v * 2 for k, v in one.items()} for name, one in twice[group].items()
        }
    twice |= {name: USAGE[name] * 2 for name in ("table_reads", "secret_reads", "log_bytes")}
    assert of(twice).variable == pytest.approx(of().variable)
    assert of(twice).fixed == pytest.approx(of().fixed)


def test_what_runs_by_the_clock_is_fixed() -> None:
    slow, fast = of(rate=1.0), of(rate=100.0)
    assert slow.variable == pytest.approx(fast.variable)
    assert "merge-warehouse, every minute" in {line.what for line in slow.lines if line.fixed and not line.variable}
    assert slow.services()["Redshift Serverless"].fixed == pytest.approx(8 * HOURS * 0.375)
    assert of(warehouse_hours=10, rpu=4).services()["Redshift Serverless"].fixed == pytest.approx(15.0)
    assert slow.millions == pytest.approx(SECONDS / 1e6)


def test_the_rate_decides_the_shards_by_the_tightest_limit() -> None:
    load = stream_load(USAGE)
    assert load.consumers == 4, "three functions and Firehose read the stream"
    limits = load.per_shard()
    assert limits["write, 1 MB/s"] == pytest.approx(1024 * 1024 / 350)
    assert limits["read by 4, 2 MB/s"] == pytest.approx(2 * 1024 * 1024 / 1400)
    assert load.shards(1400) == 1
    assert load.shards(1600) == 2
    assert of(rate=6000).services()["Kinesis"].fixed == pytest.approx((load.shards(6000) + 1) * HOURS * 0.015)
    assert Load(bytes=10, records=1, consumers=1).shards(2500) == 3, "1,000 records a second"


def test_on_demand_is_paid_by_the_gigabyte_and_needs_no_shards() -> None:
    kinesis = of(on_demand=True).services()["Kinesis"]
    assert kinesis.fixed == pytest.approx(2 * HOURS * 0.04)
    gigabytes = 350_000 * 1000 / GB, 500 * 1000 / GB
    assert kinesis.variable == pytest.approx(gigabytes[0] * (0.08 + 4 * 0.04) + gigabytes[1] * (0.08 + 0.04))


def test_what_stands_costs_by_the_month_whatever_is_sent() -> None:
    one = of(dashboards=2, alarm_metrics=56, kms_keys=2, secrets=2, public_ipv4=3, merge_every_seconds=20)
    fixed = {line.what: line.fixed for line in one.lines}
    assert fixed["2 dashboards"] == pytest.approx(6.0)
    assert fixed["56 alarm metrics"] == pytest.approx(5.6)
    assert fixed["2 keys"] == pytest.approx(2.0)
    assert fixed["3 public IPv4 addresses"] == pytest.approx(3 * HOURS * 0.005)
    assert fixed["reads by the Data API"] == pytest.approx(HOURS * 3600 / 20 * 3 * (5e-6 + 3e-6))


def test_a_longer_retention_is_paid_by_the_shard_hour_or_on_demand_by_what_is_kept() -> None:
    small = {line.what: line for line in of(retention_hours=168).lines}
    assert small["transactions, kept for 168 hours"].fixed == pytest.approx(HOURS * 0.02)
    large = {line.what: line for line in of(retention_hours=168, on_demand=True).lines}
    kept = 350_000 * 1000 / GB * (168 - 24) / HOURS * 0.1
    assert large["transactions, kept for 168 hours"].variable == pytest.approx(kept)
    assert not [line for line in of().lines if "kept for" in line.what]


def test_a_template_says_what_a_stage_is_made_of() -> None:
    prod, dev = (template.read(packaged(stage).resources) for stage in ("prod", "dev"))
    assert (prod.dashboards, prod.kms_keys, prod.secrets, prod.public_ipv4) == (2, 2, 3, 3)
    assert (prod.rpu, dev.rpu) == (32, 8)
    assert (prod.on_demand, dev.on_demand) == (True, False)
    assert (prod.merge_every_seconds, dev.merge_every_seconds) == (20, 60)
    assert {stream.retention_hours for stream in prod.streams} == {168}
    alarms = packaged("prod").of_type("AWS::CloudWatch::Alarm").values()
    assert prod.alarm_metrics > len(alarms), "a math expression's metrics are counted each"
    assert assume(prod).rpu == 32
    assert assume(prod, rpu=64).rpu == 64
    assert template.read(packaged("dev", "webFirewall=firewall").resources).firewall_rules == 3


def test_with_many_cards_each_transaction_writes_its_cards_profile_and_with_few_they_share_one() -> None:
    assert profile_writes(cards=10_000_000, batch=200) == pytest.approx(1.0, abs=1e-4)
    assert profile_writes(cards=1, batch=200) == pytest.approx(1 / 200)
    assert profile_writes(cards=100, batch=0.1) == 1.0
    units = {cards: of(cards=cards).variable for cards in (1, 1_000_000)}
    assert units[1_000_000] - units[1] == pytest.approx(0.625, rel=0.01), "a unit a write"


def test_a_usage_without_a_count_is_refused() -> None:
    with pytest.raises(KeyError):
        of({name: count for name, count in USAGE.items() if name != "log_bytes"})


def test_every_price_has_a_unit_and_a_page_of_awss_and_the_file_a_date() -> None:
    listed = json.loads(PRICES.read_text())
    assert listed["as_of"]
    assert listed["source"]
    for value, unit, page in listed["prices"].values():
        assert value > 0
        assert unit.startswith("per ")
        assert page.startswith("https://aws.amazon.com/")


def test_the_command_shows_both_designs_and_gives_json(tmp_path: Path) -> None:
    plain = copy.deepcopy(USAGE)
    plain["functions"] = {"receive": {"invocations": 1000, "milliseconds": 5000, "memory_mib": 1024}}
    plain["api"]["requests"] = 1000
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"figures": {"runs": {"Swipeline": {"usage": USAGE}, "baseline": {"usage": plain}}}}))
    shown = CliRunner().invoke(cli.app, ["cost", "--usage", str(path), "--rate", "50"])
    assert shown.exit_code == 0, shown.output
    assert "DynamoDB" in shown.output
    assert "Where a million of Swipeline's go: DynamoDB write units, transactions 1.875" in " ".join(
        shown.output.split()
    )
    found = json.loads(CliRunner().invoke(cli.app, ["cost", "--usage", str(path), "--json"]).output)
    assert found["bills"]["Swipeline"]["dollars_per_million"] == pytest.approx(of().variable)
    assert found["bills"]["baseline"]["dollars_per_million"] > found["bills"]["Swipeline"]["dollars_per_million"]
