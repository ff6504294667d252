"""The cost model: each service's line is its count by its price; the rate moves shards and the month, nothing else."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from client import cli
from client.commands.cost import USAGE as MEASURED
from client.commands.cost import read_runs
from client.cost import template
from client.cost.advice import ESSENTIAL_ALARMS, advise
from client.cost.model import (
    GB,
    HOURS,
    PRICES,
    Assumptions,
    Bill,
    assume,
    bill,
    profile_writes,
    read_prices,
    stream_load,
)
from client.cost.once import once
from client.cost.shape import SHAPES
from client.cost.shards import Load
from client.cost.warehouse import deliveries_per_hour
from client.serverless import REPOSITORY
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
        "alerts": {"records": 1, "firehose_bytes": 5120},
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


def measured() -> dict[str, Any]:
    """The usage of the last full benchmark."""
    usage: dict[str, Any] = read_runs(MEASURED)["Swipeline"]["usage"]
    return usage


def of(usage: dict[str, Any] = USAGE, rate: float = 100.0, **given: Any) -> Bill:
    return bill(usage, PRICED, rate, Assumptions(**given))


def test_each_services_variable_cost_is_its_count_by_its_price() -> None:
    services = of().services()
    assert services["DynamoDB"].variable == pytest.approx((3000 + 50 + 2) * 1000 * 6.25e-7 + 2 * 1000 * 1.25e-7)
    assert services["API Gateway"].variable == pytest.approx(2000 * 3.5e-6 + 40_000 * 1000 / GB * 0.09)
    assert services["Firehose"].variable == pytest.approx((655_360 + 5120) * 1000 / GB * 0.029)
    assert services["S3"].variable == pytest.approx(1000 * (4 * 5e-6 + 4e-7))
    assert services["Lambda"].variable == pytest.approx(1000 * (5 * 2e-7 + 0.88 * price("lambda_gb_second")))
    assert services["Kinesis"].variable == pytest.approx(64 * 1000 * 1.4e-8)
    assert services["CloudWatch"].variable == pytest.approx(8000 * 1000 / GB * 0.5)


def test_the_bill_is_the_sum_of_its_lines_and_the_floor_is_dynamodbs_write_units() -> None:
    one = of()
    assert one.variable == pytest.approx(sum(line.variable for line in one.lines))
    kept = sum(line.kept for line in one.lines)
    assert one.month == pytest.approx(one.fixed + one.awake + one.millions * (one.variable + kept))
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


def test_nothing_of_the_warehouse_is_paid_while_nothing_comes() -> None:
    idle = of(rate=0.0)
    assert idle.awake == 0
    assert idle.services()["Redshift Serverless"].fixed == 0
    assert idle.month == idle.fixed
    assert of(rate=100.0).fixed == pytest.approx(idle.fixed), "the rate moves what is in use, not what stands"


def test_the_warehouse_is_awake_for_each_delivery_and_no_longer_than_all_the_time() -> None:
    rpu = 8 * HOURS * 0.375
    often, seldom = of(buffer_seconds=60), of(buffer_seconds=300)
    assert often.services()["Redshift Serverless"].awake == pytest.approx(rpu)
    deliveries = 3600 / 300 + 4  # of transactions and of alerts
    assert seldom.services()["Redshift Serverless"].awake == pytest.approx(rpu * deliveries * 75 / 3600)
    trickle = of(rate=1 / 3600, buffer_seconds=60)
    assert trickle.services()["Redshift Serverless"].awake == pytest.approx(rpu * 75 / 3600, rel=0.01)


def test_a_full_buffer_is_delivered_before_its_time() -> None:
    assert deliveries_per_hour(USAGE, 1000, Assumptions(buffer_mib=1))[0] == pytest.approx(1000 * 350 * 3600 / 2**20)
    assert deliveries_per_hour(USAGE, 1000, Assumptions(buffer_mib=128))[0] == pytest.approx(12)


def test_the_same_transactions_in_fewer_hours_keep_the_warehouse_awake_for_less_time() -> None:
    assert SHAPES["steady"].busy_rate(100) == 100
    assert SHAPES["bursts"].busy_rate(100) == pytest.approx(2400)
    by_shape = {name: of(shape=shape).awake for name, shape in SHAPES.items()}
    assert by_shape["steady"] > by_shape["office"] > by_shape["bursts"] > 0
    assert of(shape=SHAPES["bursts"]).variable == pytest.approx(of().variable)


def test_provisioned_tables_cost_by_the_hour_at_the_capacity_that_auto_scaling_keeps() -> None:
    one = of(tables_provisioned=True, table_write_units=20, table_read_units=20)
    lines = {line.what: line for line in one.lines}
    assert lines["write units, transactions"].variable == pytest.approx(3e6 / 3600 / 0.7 * 0.00065)
    assert lines["write units, requests"].variable == pytest.approx(2 * 1000 * 6.25e-7), "little traffic: on demand"
    assert lines["least capacity of the provisioned tables"].fixed == pytest.approx(HOURS * 20 * (0.00065 + 0.00013))


def test_fan_out_is_paid_by_consumer_shard_and_byte_and_takes_its_readers_off_the_shard() -> None:
    lines = {line.what: line for line in of(fan_out=3, shards=2).lines}
    assert lines["enhanced fan-out, 3 consumers"].fixed == pytest.approx(3 * 2 * HOURS * 0.015)
    assert stream_load(USAGE, fan_out=3).consumers == 1


def test_what_would_be_cheaper_is_named_with_what_it_saves() -> None:
    given = Assumptions(buffer_seconds=60, dashboards=2, kms_keys=2, alarm_metrics=50)
    found = {one.parameter: one for one in advise(USAGE, PRICED, 100.0, given)}
    assert found["dashboards=none"].saves == pytest.approx(6.0)
    assert found["alarms=essential"].saves == pytest.approx((50 - ESSENTIAL_ALARMS) * 0.1)
    now = bill(USAGE, PRICED, 100.0, given).month
    then = bill(USAGE, PRICED, 100.0, replace(given, buffer_seconds=300, buffer_mib=64)).month
    assert found["deliveryBufferSeconds=300"].saves == pytest.approx(now - then)
    assert "tableMode=PROVISIONED" in found
    idle = {one.parameter for one in advise(USAGE, PRICED, 0.0, given)}
    assert "tableMode=PROVISIONED" not in idle, "its least capacity is paid for nothing"


@pytest.mark.parametrize(("stage", "most"), [("dev", 25.0), ("prod", 75.0)])
def test_an_idle_stage_costs_little_and_its_warehouse_nothing(stage: str, most: float) -> None:
    idle = bill(measured(), PRICED, 0.0, assume(template.read(packaged(stage).resources)))
    assert idle.month <= most
    redshift = idle.services()["Redshift Serverless"]
    assert (redshift.fixed, redshift.awake) == (0, 0)


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize(("mode", "most"), [("PROVISIONED", 1.00), ("PAY_PER_REQUEST", 1.99)])
def test_a_steady_hundred_a_second_cost_what_they_must(stage: str, mode: str, most: float) -> None:
    given = assume(template.read(packaged(stage, f"tableMode={mode}").resources))
    assert bill(measured(), PRICED, 100.0, given).variable <= most


def test_the_documents_quote_what_the_packaged_templates_cost() -> None:
    dev, prod = (assume(template.read(packaged(stage).resources)) for stage in ("dev", "prod"))
    saving = assume(template.read(packaged("dev", "tableMode=PROVISIONED").resources))
    idle = [f"${bill(measured(), PRICED, 0.0, one).fixed:.2f}" for one in (dev, prod)]
    hour = [f"${bill(measured(), PRICED, 0.0, one).fixed / HOURS:.2f}" for one in (dev, prod)]
    million = [f"${bill(measured(), PRICED, 100.0, one).variable:.2f}" for one in (dev, prod, saving)]
    at_once = [f"${once(measured(), PRICED, 200_000, 1.0, one):.2f}" for one in (dev, prod)]
    many = f"${bill(measured(), PRICED, 100.0, replace(dev, cards=1_000_000)).variable:.2f}"
    assert million[0] == million[1], "the pages say so"
    readme, deploy, stages = (
        (REPOSITORY / path).read_text(encoding="utf-8") for path in ("README.md", "docs/deploy.md", "docs/stages.md")
    )
    assert f"| {hour[0]} ({idle[0]}) | {hour[1]} ({idle[1]}) |" in readme
    assert f"| {million[0]} ({million[2]} with provisioned tables) |" in readme
    assert f"{hour[0]} an hour ({idle[0]} a month), prod {hour[1]} ({idle[1]})" in deploy
    assert f"{million[0]} on both\n  ({million[2]} with" in deploy
    for row in (" | ".join(idle), " | ".join(hour), " | ".join(at_once), f"{million[0]} ({million[2]} with", many):
        assert f"| {row} " in stages


def test_200_000_transactions_within_an_hour_on_dev_cost_at_most_two_dollars_in_all() -> None:
    assert once(measured(), PRICED, 200_000, 1.0, assume(template.read(packaged("dev").resources))) <= 2.0


def test_the_essential_alarms_are_as_many_as_the_advice_says() -> None:
    assert template.read(packaged("dev").resources).alarm_metrics == ESSENTIAL_ALARMS


def test_the_rate_decides_the_shards_by_the_tightest_limit() -> None:
    load = stream_load(USAGE)
    assert load.consumers == 4, "three functions and Firehose read the stream"
    limits = load.per_shard()
    assert limits["write, 1 MB/s"] == pytest.approx(1024 * 1024 / 350)
    assert limits["read by 4, 2 MB/s"] == pytest.approx(2 * 1024 * 1024 / 1400)
    assert load.shards(1400) == 1
    assert load.shards(1600) == 2
    assert of(shards=4).services()["Kinesis"].fixed == pytest.approx(4 * HOURS * 0.015), "as the template has them"
    assert Load(bytes=10, records=1, consumers=1).shards(2500) == 3, "1,000 records a second"


def test_on_demand_is_paid_by_the_gigabyte_and_needs_no_shards() -> None:
    kinesis = of(on_demand=True).services()["Kinesis"]
    assert kinesis.fixed == pytest.approx(HOURS * 0.04)
    assert kinesis.variable == pytest.approx(350_000 * 1000 / GB * (0.08 + 4 * 0.04))


def test_what_stands_costs_by_the_month_whatever_is_sent() -> None:
    one = of(dashboards=2, alarm_metrics=56, kms_keys=2, secrets=2, public_ipv4=3)
    fixed = {line.what: line.fixed for line in one.lines}
    assert fixed["2 dashboards"] == pytest.approx(6.0)
    assert fixed["56 alarm metrics"] == pytest.approx(5.6)
    assert fixed["2 keys"] == pytest.approx(2.0)
    assert fixed["2 secrets"] == pytest.approx(0.8)
    assert fixed["3 public IPv4 addresses"] == pytest.approx(3 * HOURS * 0.005)
    assert fixed["polls of the empty merge queue"] == pytest.approx(5 * 3 * 60 * HOURS * 4e-7)


def test_a_longer_retention_is_paid_by_the_shard_hour_or_on_demand_by_what_is_kept() -> None:
    small = {line.what: line for line in of(retention_hours=168).lines}
    assert small["kept for 168 hours"].fixed == pytest.approx(HOURS * 0.02)
    large = {line.what: line for line in of(retention_hours=168, on_demand=True).lines}
    kept = 350_000 * 1000 / GB * (168 - 24) / HOURS * 0.1
    assert large["kept for 168 hours"].variable == pytest.approx(kept)
    assert not [line for line in of().lines if "kept for" in line.what]


def test_a_template_says_what_a_stage_is_made_of() -> None:
    prod, dev = (template.read(packaged(stage).resources) for stage in ("prod", "dev"))
    assert (prod.dashboards, prod.kms_keys, prod.secrets, prod.public_ipv4) == (2, 2, 3, 3)
    assert (prod.rpu, dev.rpu) == (32, 8)
    assert (prod.on_demand, dev.on_demand) == (False, False)
    assert template.read(packaged("prod", "streamMode=ON_DEMAND").resources).on_demand is True
    assert (prod.buffer_seconds, dev.buffer_seconds, dev.alert_buffer_seconds) == (60, 300, 900)
    assert (dev.dashboards, dev.kms_keys, dev.batch_runs, prod.batch_runs) == (0, 0, 0, 30)
    assert (dev.queues_polled, dev.daily_runs) == (1, 2)
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
    assert "Where a million go: DynamoDB write units, transactions 1.875" in " ".join(shown.output.split())
    found = json.loads(CliRunner().invoke(cli.app, ["cost", "--usage", str(path), "--json"]).output)
    assert found["bills"]["Swipeline"]["dollars_per_million"] == pytest.approx(of().variable)
    assert found["bills"]["baseline"]["dollars_per_million"] > found["bills"]["Swipeline"]["dollars_per_million"]
