"""`swipeline repair-roles`: a policy that was changed, removed or added by hand is as the template has it again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from client.errors import ClientError
from client.repair.policies import Resolver, same
from client.repair.roles import ADDED, CHANGED, MISSING, Drift, drifts, repair
from tests.unit.fakes.shapes import obeys

READ = {"Effect": "Allow", "Action": ["kinesis:GetRecords"], "Resource": {"Fn::GetAtt": ["Stream", "Arn"]}}
TEMPLATE: dict[str, Any] = {
    "Stream": {"Type": "AWS::Kinesis::Stream"},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Key": {"Type": "AWS::SecretsManager::Secret"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Workgroup": {"Type": "AWS::RedshiftServerless::Workgroup"},
    "Namespace": {"Type": "AWS::RedshiftServerless::Namespace"},
    "Consumer": {"Type": "AWS::Kinesis::StreamConsumer"},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Policies": [
                {
                    "PolicyName": {"Fn::Join": ["-", ["dev", "reader"]]},
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [READ]},
                }
            ]
        },
    },
    "More": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "more",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sqs:SendMessage",
                        "Resource": [
                            {"Fn::GetAtt": ["Queue", "Arn"]},
                            {"Ref": "Topic"},
                            {"Fn::GetAtt": "Key.Id"},
                            {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupArn"]},
                            {"Fn::GetAtt": ["Namespace", "Namespace.NamespaceArn"]},
                            {"Fn::GetAtt": ["Consumer", "ConsumerARN"]},
                            {"Fn::Sub": "arn:${AWS::Partition}:s3:::${Stream}-of-${AWS::AccountId}/${Role.RoleId}"},
                        ],
                    }
                ]
            },
        },
    },
}
PHYSICAL = {
    "Stream": "transactions",
    "Queue": "https://sqs.us-east-1.amazonaws.com/123/merges",
    "Key": "dev/card-key",
    "Topic": "arn:aws:sns:us-east-1:123:alarms",
    "Workgroup": "dev-warehouse",
    "Namespace": "dev-tables",
    "Consumer": "arn:aws:kinesis:us-east-1:123:stream/transactions/consumer/dev:1",
    "Role": "dev-role",
    "More": "dev-more",
}
ASK = {
    ("AWS::SecretsManager::Secret", "Id"): "arn:secret:{}-AbCdEf".format,
    ("AWS::IAM::Role", "RoleId"): "AROA{}".format,
    ("AWS::RedshiftServerless::Workgroup", "Workgroup.WorkgroupArn"): "arn:workgroup:{}-id".format,
    ("AWS::RedshiftServerless::Namespace", "Namespace.NamespaceArn"): "arn:namespace:{}-id".format,
}


def resolver(template: dict[str, Any] = TEMPLATE) -> Resolver:
    return Resolver(template, PHYSICAL, "123", "us-east-1", "aws", ASK)


def test_what_a_policy_refers_to_is_filled_in() -> None:
    policies = resolver().policies()["dev-role"]
    assert policies.keys() == {"dev-reader", "more"}
    assert policies["dev-reader"]["Statement"][0]["Resource"] == "arn:aws:kinesis:us-east-1:123:stream/transactions"
    assert policies["more"]["Statement"][0]["Resource"] == [
        "arn:aws:sqs:us-east-1:123:merges",
        "arn:aws:sns:us-east-1:123:alarms",
        "arn:secret:dev/card-key-AbCdEf",
        "arn:workgroup:dev-warehouse-id",
        "arn:namespace:dev-tables-id",
        "arn:aws:kinesis:us-east-1:123:stream/transactions/consumer/dev:1",
        "arn:aws:s3:::transactions-of-123/AROAdev-role",
    ]


@pytest.mark.parametrize("node", [{"Fn::GetAtt": ["Topic", "Name"]}, {"Fn::If": ["a", 1, 2]}, {"Ref": "Nobody"}])
def test_a_reference_that_is_not_known_is_refused_instead_of_guessed(node: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="deploy the stage instead"):
        resolver().value(node)


def test_documents_are_the_same_whatever_their_order() -> None:
    assert same({"Action": ["b", "a"]}, {"Action": ["a", "b"]})
    assert same({"Action": ["a"]}, {"Action": "a"})
    assert not same({"Action": ["a"]}, {"Action": ["a", "b"]})


@obeys("iam")
@obeys("redshift-serverless")
@obeys("secretsmanager")
@obeys("sts")
class FakeStage:
    """IAM with one role."""

    region = "us-east-1"

    def __init__(self, live: dict[str, Any]) -> None:
        self.live = live

    def client(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123", "Arn": "arn:aws:iam::123:root"}

    def describe_secret(self, SecretId: str) -> dict[str, str]:
        return {"ARN": f"arn:secret:{SecretId}-AbCdEf"}

    def get_workgroup(self, workgroupName: str) -> dict[str, Any]:
        return {"workgroup": {"workgroupArn": f"arn:workgroup:{workgroupName}-id"}}

    def get_role(self, RoleName: str) -> dict[str, Any]:
        return {"Role": {"RoleId": f"AROA{RoleName}"}}

    def get_namespace(self, namespaceName: str) -> dict[str, Any]:
        return {"namespace": {"namespaceArn": f"arn:namespace:{namespaceName}-id"}}

    def get_paginator(self, name: str) -> Any:
        return self

    def paginate(self, RoleName: str) -> Any:
        return [{"PolicyNames": list(self.live)}]

    def get_role_policy(self, RoleName: str, PolicyName: str) -> dict[str, Any]:
        return {"PolicyDocument": self.live[PolicyName]}

    def put_role_policy(self, RoleName: str, PolicyName: str, PolicyDocument: str) -> None:
        self.live[PolicyName] = json.loads(PolicyDocument)

    def delete_role_policy(self, RoleName: str, PolicyName: str) -> None:
        del self.live[PolicyName]


class FakeDeployed:
    template, physical = TEMPLATE, PHYSICAL

    def __init__(self, live: dict[str, Any]) -> None:
        self.stage: Any = FakeStage(live)


def test_a_policy_that_is_missing_changed_or_added_is_found_and_repaired() -> None:
    wanted = resolver().policies()["dev-role"]
    deployed: Any = FakeDeployed({"more": {"Statement": []}, "broken": {"Statement": []}})
    found = drifts(deployed)
    assert {(one.policy, one.kind) for one in found} == {("broken", ADDED), ("more", CHANGED), ("dev-reader", MISSING)}
    repair(deployed, found)
    assert deployed.stage.live == wanted
    assert drifts(deployed) == []


def test_a_policy_that_the_template_does_not_have_has_no_document_to_put() -> None:
    deployed: Any = FakeDeployed({"broken": {}})
    assert Drift("dev-role", "broken", ADDED, None) in drifts(deployed)
