"""`swipeline repair-roles` and `doctor` can fill in each policy of each stage, whatever options the stage has on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from client.repair.roles import resolver
from tests.template.conftest import STAGES
from tests.template.template import packaged
from tests.template.test_priced import OPTIONS
from tests.unit.fakes.roles import FakeDeployed

# Types whose physical ID is an ARN or a URL; that of any other type is a name.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/, each type's "Ref"
IDS = {
    "AWS::Kinesis::StreamConsumer": "arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/{}:1",
    "AWS::Lambda::LayerVersion": "arn:aws:lambda:us-east-1:123456789012:layer:{}:1",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:{}-AbCdEf",
    "AWS::SNS::Topic": "arn:aws:sns:us-east-1:123456789012:{}",
    "AWS::SQS::Queue": "https://sqs.us-east-1.amazonaws.com/123456789012/{}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:us-east-1:123456789012:stateMachine:{}",
}


@pytest.mark.parametrize(
    ("stage", "options"),
    [*((stage, ()) for stage in STAGES), ("prod", OPTIONS), ("dev", ("apiAuthorizer=aws_iam", *OPTIONS))],
)
def test_every_policy_of_a_stage_is_filled_in(stage: str, options: tuple[str, ...]) -> None:
    resources = packaged(stage, *options).resources
    physical = {name: IDS.get(resource["Type"], "{}").format(name) for name, resource in resources.items()}
    deployed: Any = FakeDeployed(resources, physical)
    policies = resolver(deployed).policies()
    roles = {name for name, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"}
    assert policies.keys() == roles
    statements = [
        statement for role in policies.values() for document in role.values() for statement in document["Statement"]
    ]
    assert statements
    for statement in statements:
        resource = statement["Resource"]
        for arn in resource if isinstance(resource, list) else [resource]:
            assert arn == "*" or arn.startswith("arn:aws:"), json.dumps(statement)
