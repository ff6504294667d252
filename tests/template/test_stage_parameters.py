"""docs/stages.md says how the stages differ: its table is what stages.yml says, and what the templates have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.template.packaging import ROOT
from tests.template.template import Template, packaged

COLUMNS = ("dev", "prod", "local")
STAGES = yaml.safe_load((ROOT / "resources" / "stages.yml").read_text())
NONE = "-"  # not set, or not used by the stage


def table() -> dict[str, dict[str, str]]:
    """Give docs/stages.md's table: parameter -> stage -> value as it is written."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (\S+) \| (\S+) \| (\S+) \|$", (ROOT / "docs/stages.md").read_text(), re.M)
    return {name: dict(zip(COLUMNS, values, strict=True)) for name, *values in rows}


def written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return NONE if value in (None, "") else str(value)


def resolved(stage: str) -> dict[str, Any]:
    return STAGES["default"] | STAGES[stage]


def only_on_aws(parameter: str) -> bool:
    files = [ROOT / "serverless.yml", *(ROOT / "resources").rglob("*.*")]
    uses = [file for file in files if f"param:{parameter}" in file.read_text()]
    assert uses, f"nothing reads {parameter}"
    return {file.parent.name for file in uses} == {"aws"}


@pytest.mark.parametrize("parameter", sorted(table()))
def test_the_table_says_what_each_stage_has(parameter: str) -> None:
    for stage, cell in table()[parameter].items():
        if stage == "local" and only_on_aws(parameter):
            assert cell == NONE
        else:
            assert cell == written(resolved(stage).get(parameter)), stage


def test_the_table_leaves_out_no_difference_between_dev_and_prod_that_an_operator_decides() -> None:
    differ = {name for name in STAGES["prod"] if STAGES["prod"][name] != STAGES["default"].get(name)}
    follow = {  # from another row: bursts and quotas from rates, ages from the stream's retention
        *("apiBurstLimit", "readBurstLimit", "readQuotaPerDay", "maximumRecordAgeSeconds", "mergeLagSeconds"),
        "deliveryRetrySeconds",
    }
    assert differ - set(table()) == follow


def of(function: str, setting: str) -> Callable[[Template], Any]:
    return lambda template: template.functions()[function].get(setting)


def variable(function: str, name: str) -> Callable[[Template], Any]:
    return lambda template: template.functions()[function]["Environment"]["Variables"][name]


def part(logical_id: str, *path: Any) -> Callable[[Template], Any]:
    def read(template: Template) -> Any:
        found = template.resources.get(logical_id, {}).get("Properties")
        for step in path:
            found = found and found[step]
        return found

    return read


HINTS = ("BufferingHints", "IntervalInSeconds")
REACHES: dict[str, list[Callable[[Template], Any]]] = {
    "ingestMemory": [of("write-to-kinesis", "MemorySize")],
    "consumerMemory": [
        of(name, "MemorySize") for name in ("write-to-dynamodb", "write-to-s3", "detect-fraud", "check-delivery")
    ],
    "queryMemory": [of("query-transactions", "MemorySize")],
    "ingestConcurrency": [of("write-to-kinesis", "ReservedConcurrentExecutions")],
    "queryConcurrency": [of("query-transactions", "ReservedConcurrentExecutions")],
    "mergeConcurrency": [of("merge-warehouse", "ReservedConcurrentExecutions")],
    "apiRateLimit": [part("ApiGatewayUsagePlan", "Throttle", "RateLimit")],
    "readRateLimit": [part("ReaderUsagePlan", "Throttle", "RateLimit")],
    "streamMode": [part("TransactionStream", "StreamModeDetails", "StreamMode")],
    "streamRetentionHours": [part("TransactionStream", "RetentionPeriodHours")],
    "warehouseCapacity": [part("Workgroup", "BaseCapacity")],
    "warehouseMaxCapacity": [part("Workgroup", "MaxCapacity")],
    "mergeDelaySeconds": [part("MergeQueue", "DelaySeconds")],
    "deliveryBufferSeconds": [
        part("WarehouseDelivery", *("RedshiftDestinationConfiguration", "S3Configuration"), *HINTS),
    ],
    "alertBufferSeconds": [part("AlertDelivery", *("RedshiftDestinationConfiguration", "S3Configuration"), *HINTS)],
    "tableMode": [part("TransactionTable", "BillingMode"), part("ProfilesTable", "BillingMode")],
    "logLevel": [variable("write-to-kinesis", "LOG_LEVEL"), variable("rotate-card-key", "LOG_LEVEL")],
    "debugSampleRate": [variable("detect-fraud", "POWERTOOLS_LOGGER_SAMPLE_RATE")],
    "logRetentionDays": [part("WriteDashtoDashkinesisLogGroup", "RetentionInDays")],
    "monthlyBudgetDollars": [part("Budget", "Budget", "BudgetLimit", "Amount")],
    "replacePolicy": [lambda template: template.resources["TransactionTable"]["UpdateReplacePolicy"]],
    "deletionPolicy": [lambda template: template.resources["TransactionTable"]["DeletionPolicy"]],
    "deletionProtection": [part("TransactionTable", "DeletionProtectionEnabled")],
    "pointInTimeRecovery": [
        part(name, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
        for name in ("TransactionTable", "MerchantsTable", "AlertsTable", "ProfilesTable", "DriftTable", "RiskTable")
    ],
    "bucketVersioning": [
        part(name, "VersioningConfiguration", "Status") for name in ("LakeBucket", "DeliveryBucket", "QuarantineBucket")
    ],
    "warehouseSnapshotState": [part("WarehouseSnapshot", "State")],
}


@pytest.mark.parametrize("stage", COLUMNS)
@pytest.mark.parametrize("parameter", sorted(REACHES))
def test_what_the_table_says_reaches_the_template(parameter: str, stage: str) -> None:
    for read in REACHES[parameter]:
        assert written(read(packaged(stage))) == table()[parameter][stage]


def test_what_is_reserved_leaves_the_consumers_a_share_of_a_usual_account(prod: Template) -> None:
    reserved = [f.get("ReservedConcurrentExecutions", 0) for f in prod.functions().values()]
    assert sum(reserved) <= 600  # of 1,000, of which Lambda keeps 100 unreserved


def reserved(template: Template) -> dict[str, int]:
    found = {name: f.get("ReservedConcurrentExecutions") for name, f in template.functions().items()}
    return {name: number for name, number in found.items() if number is not None}


@pytest.mark.parametrize("stage", ["dev", "try-out", "local"])
def test_no_function_reserves_concurrency_unless_a_stage_asks_for_it(stage: str) -> None:
    """A new account's quota is often 10, and all of them must stay unreserved."""
    assert {
        name: f["ReservedConcurrentExecutions"]
        for name, f in packaged(stage).functions().items()
        if "ReservedConcurrentExecutions" in f
    } == {}


def test_a_stage_that_asks_for_reserved_concurrency_gets_it() -> None:
    asked = packaged("dev", "ingestConcurrency=5", "queryConcurrency=4", "mergeConcurrency=2")
    assert reserved(asked) == {"write-to-kinesis": 5, "query-transactions": 4, "merge-warehouse": 2}


def test_lambda_starts_whatever_the_senders_plan_lets_in(prod: Template) -> None:
    throttle = prod.of_type("AWS::ApiGateway::UsagePlan")["ApiGatewayUsagePlan"]["Throttle"]
    assert prod.functions()["write-to-kinesis"]["ReservedConcurrentExecutions"] >= throttle["BurstLimit"]


def test_the_warehouse_s_snapshots_are_taken_by_a_schedule_that_may_do_nothing_else(on_aws: Template) -> None:
    target = on_aws.resources["WarehouseSnapshot"]["Properties"]["Target"]
    asked = yaml.safe_load(target["Input"])
    namespace = on_aws.resources["WarehouseNamespace"]["Properties"]["NamespaceName"]
    assert asked["NamespaceName"] == namespace
    assert re.fullmatch(
        r"[a-z0-9]+(-[a-z0-9]+)*", asked["SnapshotName"].replace("<aws.scheduler.execution-id>", "d32c5k")
    )
    assert asked["SnapshotName"].count("<aws.scheduler.execution-id>") == 1  # a name of its own each time
    assert asked["RetentionPeriod"] == 35
    (policy,) = on_aws.resources["SnapshotRole"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "redshift-serverless:CreateSnapshot"
