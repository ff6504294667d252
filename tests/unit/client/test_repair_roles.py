"""`swipeline repair-roles`: a policy that was changed, removed or added by hand is as the template has it again."""

from __future__ import annotations

from typing import Any

import pytest

from client.errors import ClientError
from client.repair.policies import same
from client.repair.roles import ADDED, CHANGED, MISSING, Drift, drifts, repair, resolver
from tests.unit.fakes.roles import FakeDeployed

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


def test_what_a_policy_refers_to_is_filled_in() -> None:
    policies = resolver(deployed({})).policies()["dev-role"]
    assert policies.keys() == {"dev-reader", "more"}
    assert policies["dev-reader"]["Statement"][0]["Resource"] == "arn:aws:kinesis:us-east-1:123:stream/transactions"
    assert policies["more"]["Statement"][0]["Resource"] == [
        "arn:aws:sqs:us-east-1:123:merges",
        "arn:aws:sns:us-east-1:123:alarms",
        "arn:aws:secretsmanager:us-east-1:123:secret:dev/card-key-AbCdEf",
        "arn:aws:redshift-serverless:us-east-1:123:workgroup/dev-warehouse-id",
        "arn:aws:redshift-serverless:us-east-1:123:namespace/dev-tables-id",
        "arn:aws:kinesis:us-east-1:123:stream/transactions/consumer/dev:1",
        "arn:aws:s3:::transactions-of-123/AROAdev-role",
    ]


@pytest.mark.parametrize("node", [{"Fn::GetAtt": ["Topic", "Name"]}, {"Fn::If": ["a", 1, 2]}, {"Ref": "Nobody"}])
def test_a_reference_that_is_not_known_is_refused_instead_of_guessed(node: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="deploy the stage instead"):
        resolver(deployed({})).value(node)


def test_documents_are_the_same_whatever_their_order() -> None:
    assert same({"Action": ["b", "a"]}, {"Action": ["a", "b"]})
    assert same({"Action": ["a"]}, {"Action": "a"})
    assert not same({"Action": ["a"]}, {"Action": ["a", "b"]})


def deployed(live: dict[str, Any]) -> Any:
    return FakeDeployed(TEMPLATE, PHYSICAL, live)


def test_a_policy_that_is_missing_changed_or_added_is_found_and_repaired() -> None:
    wanted = resolver(deployed({})).policies()["dev-role"]
    stage = deployed({"more": {"Statement": []}, "broken": {"Statement": []}})
    found = drifts(stage)
    assert {(one.policy, one.kind) for one in found} == {("broken", ADDED), ("more", CHANGED), ("dev-reader", MISSING)}
    repair(stage, found)
    assert stage.stage.live == wanted
    assert drifts(stage) == []


def test_a_policy_that_the_template_does_not_have_has_no_document_to_put() -> None:
    stage = deployed({"broken": {}})
    assert Drift("dev-role", "broken", ADDED, None) in drifts(stage)
