"""The policies of a stage's roles as its template has them, with every Ref, GetAtt, Sub and Join filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from client.errors import ClientError

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
# How the ARN of a type follows from its physical ID. A type that is not here has an ID that is its ARN, or is refused.
_ARNS = {
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
    "AWS::Kinesis::Stream": "arn:{partition}:kinesis:{region}:{account}:stream/{id}",
    "AWS::KinesisFirehose::DeliveryStream": "arn:{partition}:firehose:{region}:{account}:deliverystream/{id}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{id}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{id}:*",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{id}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{id}",
}
Policies = dict[str, dict[str, Any]]  # name -> document


class Resolver:
    """Fills in what a template refers to. Raises ClientError for a reference that it does not know."""

    def __init__(
        self,
        template: Mapping[str, Any],
        physical: Mapping[str, str],
        account: str,
        region: str,
        partition: str,
        ask: Mapping[tuple[str, str], Callable[[str], str]],
    ) -> None:
        """``ask``: by type and attribute, asks for what does not follow from the physical ID."""
        self._template, self._physical, self._ask = template, physical, ask
        self._of_stage = {"account": account, "region": region, "partition": partition}

    def policies(self) -> dict[str, Policies]:
        """The inline policies by role, those that are resources of their own among them."""
        found: dict[str, Policies] = {
            self._physical[logical_id]: {
                str(self.value(policy["PolicyName"])): self.value(policy["PolicyDocument"])
                for policy in resource.get("Properties", {}).get("Policies", [])
            }
            for logical_id, resource in self._template.items()
            if resource["Type"] == "AWS::IAM::Role"
        }
        for resource in self._template.values():
            if resource["Type"] == "AWS::IAM::Policy":
                properties = resource["Properties"]
                for role in properties["Roles"]:
                    name, document = self.value(properties["PolicyName"]), self.value(properties["PolicyDocument"])
                    found[str(self.value(role))][str(name)] = document
        return found

    def value(self, node: Any) -> Any:
        """A part of the template with everything filled in."""
        if isinstance(node, list):
            return [self.value(one) for one in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return self._ref(argument)
            if name == "Fn::GetAtt":
                return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            if name == "Fn::Sub":
                return self._sub(argument)
            if name == "Fn::Join":
                separator, parts = argument
                return str(separator).join(str(self.value(part)) for part in parts)
            if name.startswith("Fn::"):
                raise ClientError(f"The template has {name} in a policy: deploy the stage instead.")
        return {key: self.value(one) for key, one in node.items()}

    def _ref(self, name: str) -> str:
        pseudo = {"AWS::AccountId": "account", "AWS::Region": "region", "AWS::Partition": "partition"}
        if name in pseudo:
            return self._of_stage[pseudo[name]]
        if name not in self._physical:
            raise ClientError(f"The stack has no resource {name}: deploy the stage instead.")
        return self._physical[name]

    def _attribute(self, name: str, attribute: str) -> str:
        kind, identity = self._template[name]["Type"], self._ref(name)
        if kind == "AWS::SQS::Queue" and attribute == "Arn":  # its ID is its URL
            return "arn:{partition}:sqs:{region}:{account}:".format(**self._of_stage) + identity.rsplit("/", 1)[-1]
        if (kind, attribute) in self._ask:
            return self._ask[kind, attribute](identity)
        # The ID of a topic, a layer or a stream's consumer is its ARN.
        if attribute in ("Arn", "ConsumerARN") and identity.startswith("arn:"):
            return identity
        if attribute == "Arn" and kind in _ARNS:
            return _ARNS[kind].format(id=identity, **self._of_stage)
        raise ClientError(f"The template has {name}.{attribute} in a policy: deploy the stage instead.")

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(self.value(given[name]))
            owner, dot, attribute = name.partition(".")
            return self._attribute(owner, attribute) if dot else self._ref(name)

        return _VARIABLE.sub(fill, text).replace("${!", "${")


def same(one: Any, other: Any) -> bool:
    """Whether two documents say the same, whatever the order of their keys and whether one value is in a list."""
    return _plain(one) == _plain(other)


def _plain(node: Any) -> Any:
    if isinstance(node, str) and node.startswith("{"):
        node = json.loads(node)
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return sorted(json.dumps(_plain(one), sort_keys=True) for one in node) if len(node) != 1 else _plain(node[0])
    return node
