"""`swipeline cost` knows each type of resource of a packaged template: priced, or free for a reason given here."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from client.commands.cost import USAGE, read_runs
from client.cost import template as stage_template
from client.cost.model import Bill, assume, bill, read_prices
from tests.template.template import packaged

RATE = 100.0  # transactions a second
OPTIONS = ("webFirewall=firewall", "fanOut=consumers", "tableMode=PROVISIONED")
# Paid while nothing comes: the bill of an idle stage falls when the template has none.
BY_THE_MONTH = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": "",  # its target decides what capacity is paid, see below
    "AWS::CloudWatch::Alarm": "CloudWatch",
    "AWS::CloudWatch::Dashboard": "CloudWatch",
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::Events::Rule": "Lambda",
    "AWS::KMS::Key": "KMS",
    "AWS::Kinesis::Stream": "Kinesis",
    "AWS::Kinesis::StreamConsumer": "Kinesis",
    "AWS::Lambda::EventSourceMapping": "SQS",
    "AWS::RedshiftServerless::Workgroup": "VPC",
    "AWS::SecretsManager::Secret": "Secrets Manager",
    "AWS::WAFv2::WebACL": "WAF",
}
# Paid by use, under this name.
BY_USE = {
    "AWS::ApiGateway::RestApi": "API Gateway",
    "AWS::Glue::Crawler": "Glue",
    "AWS::Glue::Job": "Glue",
    "AWS::KinesisFirehose::DeliveryStream": "Firehose",
    "AWS::Lambda::Function": "Lambda",
    "AWS::Logs::LogGroup": "CloudWatch",
    "AWS::RedshiftServerless::Namespace": "Redshift Serverless",
    "AWS::S3::Bucket": "S3",
    "AWS::SQS::Queue": "SQS",
}
# Paid by use too, and below a cent per million transactions or a month: left out of the bill.
BELOW_A_CENT = {
    "AWS::Athena::NamedQuery": "paid by the query that a person runs, $5 per TB read",
    "AWS::Athena::WorkGroup": "paid by the query that a person runs, $5 per TB read",
    "AWS::Scheduler::Schedule": "one snapshot a night, $1 per million",
    "AWS::SNS::Topic": "alarms and alerts, $0.50 per million",
    "AWS::StepFunctions::StateMachine": "20 steps a batch load, $25 per million",
}
FREE = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::Budgets::Budget",  # the account's first two
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::Glue::Database",  # the catalog's first million objects
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogStream",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::WebACLAssociation",
}


@cache
def resources() -> dict[str, Any]:
    """What prod has with all that a stage may ask for."""
    return packaged("prod", *OPTIONS).resources


def price(found: dict[str, Any], rate: float) -> Bill:
    return bill(read_runs(USAGE)["Swipeline"]["usage"], read_prices(), rate, assume(stage_template.read(found)))


def test_every_type_of_a_packaged_template_is_priced_or_free_for_a_reason() -> None:
    kinds = {r["Type"] for stage in ("dev", "prod") for r in packaged(stage).resources.values()}
    known = {*BY_THE_MONTH, *BY_USE, *BELOW_A_CENT, *FREE}
    assert kinds | {r["Type"] for r in resources().values()} == known


@pytest.mark.parametrize("kind", sorted(kind for kind, service in BY_THE_MONTH.items() if service))
def test_what_stands_is_on_the_bill_of_an_idle_stage(kind: str) -> None:
    service = BY_THE_MONTH[kind]
    without = {i: r for i, r in resources().items() if r["Type"] != kind}
    less = price(without, 0.0).services().get(service)
    assert price(resources(), 0.0).services()[service].fixed > (less.fixed if less else 0.0)


@pytest.mark.parametrize("kind", sorted(BY_USE))
def test_what_is_paid_by_use_has_a_line(kind: str) -> None:
    line = price(resources(), RATE).services()[BY_USE[kind]]
    assert line.variable + line.awake + line.fixed > 0


def test_the_target_of_auto_scaling_decides_what_provisioned_tables_cost() -> None:
    half = json.loads(json.dumps(resources()))
    for resource in half.values():
        if resource["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy":
            resource["Properties"]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] = 35
    assert price(half, RATE).variable > price(resources(), RATE).variable


def test_a_larger_warehouse_and_a_longer_retention_cost_more() -> None:
    larger = packaged("prod", *OPTIONS, "warehouseCapacity=64", "streamRetentionHours=336")
    mine, theirs = (price(one, RATE) for one in (resources(), larger.resources))
    assert theirs.awake == pytest.approx(mine.awake + mine.services()["Redshift Serverless"].awake)
    day = price(packaged("prod", *OPTIONS, "streamRetentionHours=24").resources, 0.0)
    assert day.services()["Kinesis"].fixed < price(resources(), 0.0).services()["Kinesis"].fixed
