"""The options of a stage, asked for by --param as an operator does: a firewall before the API, SigV4 beside the key."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.template.template import Template, as_list, text
from tests.template.test_cfn_lint import lint


def plain(template: Template) -> dict[str, Any]:
    """Give the resources without what follows from others: the deployment's name, and the folder named by the clock."""
    body = re.sub(r"ApiGatewayDeployment[0-9a-f]{12}\b", "ApiGatewayDeployment", json.dumps(template.resources))
    resources: dict[str, Any] = json.loads(re.sub(r"serverless/swipeline/dev/[^/]+/", "", body))
    return resources


def test_they_change_the_methods_and_nothing_else(guarded: Template, dev: Template) -> None:
    without, options = plain(dev), plain(guarded)
    assert set(options) - set(without) == {"Firewall", "FirewallOfTheApi"}
    assert set(without) <= set(options)
    changed = {name for name in without if without[name] != options[name]}
    assert changed == set(dev.of_type("AWS::ApiGateway::Method"))
    deployments = [set(t.of_type("AWS::ApiGateway::Deployment")) for t in (dev, guarded)]
    assert deployments[0] != deployments[1]  # or the stage would keep its methods as they were


def test_the_firewall_stands_before_the_stage_of_the_api_once_that_is_there(guarded: Template) -> None:
    (association,) = guarded.of_type("AWS::WAFv2::WebACLAssociation").values()
    assert text(association["WebACLArn"]) == "Firewall.Arn"
    assert text(association["ResourceArn"]) == (
        "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${ApiGatewayRestApi}/stages/dev"
    )
    (waits_for,) = as_list(guarded.resources["FirewallOfTheApi"]["DependsOn"])
    plan = guarded.resources[waits_for]
    (deployment,) = guarded.of_type("AWS::ApiGateway::Deployment")
    assert deployment in plan["DependsOn"]  # which makes the stage


def test_the_firewall_limits_each_address_and_turns_known_attackers_away(guarded: Template) -> None:
    (acl,) = guarded.of_type("AWS::WAFv2::WebACL").values()
    assert (acl["Scope"], acl["DefaultAction"]) == ("REGIONAL", {"Allow": {}})
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    assert sorted(rule["Priority"] for rule in rules.values()) == list(range(len(rules)))
    rate = rules["rate-per-address"]
    assert rate["Action"] == {"Block": {}}
    limit = rate["Statement"]["RateBasedStatement"]
    assert (limit["AggregateKeyType"], limit["EvaluationWindowSec"]) == ("IP", 60)
    sender = guarded.of_type("AWS::ApiGateway::UsagePlan")["ApiGatewayUsagePlan"]["Throttle"]
    assert limit["Limit"] >= sender["RateLimit"] * 60  # a sender with one address may use up its plan
    managed = [rule for rule in rules.values() if rule is not rate]
    assert {rule["Statement"]["ManagedRuleGroupStatement"]["Name"] for rule in managed} == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
    }
    assert all(rule["OverrideAction"] == {"None": {}} for rule in managed)  # Count would let them in
    for part in (acl, *rules.values()):
        assert part["VisibilityConfig"]["SampledRequestsEnabled"] is False  # a sample shows headers


def test_every_method_asks_for_a_signature_beside_the_key(guarded: Template) -> None:
    methods = guarded.of_type("AWS::ApiGateway::Method")
    assert len(methods) >= 9
    for name, method in methods.items():
        assert (method["AuthorizationType"], method["ApiKeyRequired"]) == ("AWS_IAM", True), name
    # A policy of the API that allows everybody would let any signed caller of the account in.
    assert not guarded.resources["ApiGatewayRestApi"]["Properties"].get("Policy")


def test_cfn_lint_finds_nothing_in_them(guarded: Template) -> None:
    assert lint(guarded.path) == []
