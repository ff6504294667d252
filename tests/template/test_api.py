"""The API: who may send, how much, and what is logged of it."""

from __future__ import annotations

from typing import Any

from tests.template.template import Template, text


def methods(template: Template) -> dict[tuple[str, str], dict[str, Any]]:
    """Each method by (path, method)."""
    resources = template.of_type("AWS::ApiGateway::Resource")

    def path(logical_id: str) -> str:
        parent = text(resources[logical_id]["ParentId"])
        return (path(parent) if parent in resources else "") + "/" + resources[logical_id]["PathPart"]

    found = template.of_type("AWS::ApiGateway::Method").values()
    return {(path(text(method["ResourceId"])), method["HttpMethod"]): method for method in found}


def test_every_method_asks_for_a_key_and_is_proxied_to_its_function(template: Template) -> None:
    functions = {
        ("/transactions", "POST"): "WriteDashtoDashkinesisLambdaFunction.Arn",
        ("/transactions", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/transactions/search", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/transactions/{transaction_id}", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/transactions/{transaction_id}/corrections", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/merchants", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/alerts", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/alerts/{alert_id}", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/alerts/{alert_id}/verdict", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/alerts/{alert_id}/assignment", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
        ("/health", "ANY"): "QueryDashtransactionsLambdaFunction.Arn",
    }
    found = methods(template)
    assert set(found) == set(functions)
    for key, method in found.items():
        assert method["ApiKeyRequired"] is True, key
        assert method["Integration"]["Type"] == "AWS_PROXY"
        assert functions[key] in text(method["Integration"]["Uri"])


def test_senders_readers_and_reviewers_have_a_key_and_a_usage_plan_each(template: Template) -> None:
    names = {name: key["Name"] for name, key in template.of_type("AWS::ApiGateway::ApiKey").items()}
    assert names == {
        "ApiGatewayApiKey1": f"swipeline-{template.stage}-sender",
        "ReaderApiKey": f"swipeline-{template.stage}-reader",
        "ReviewerApiKey": f"swipeline-{template.stage}-reviewer",
    }
    assert all(key["Enabled"] for key in template.of_type("AWS::ApiGateway::ApiKey").values())
    memberships = template.of_type("AWS::ApiGateway::UsagePlanKey").values()
    assert {(text(one["KeyId"]), text(one["UsagePlanId"])) for one in memberships} == {
        ("ApiGatewayApiKey1", "ApiGatewayUsagePlan"),
        ("ReaderApiKey", "ReaderUsagePlan"),
        ("ReviewerApiKey", "ReviewerUsagePlan"),
    }


def test_each_function_knows_the_keys_that_it_serves_and_no_others(template: Template) -> None:
    known = {
        function: {
            text(value) for name, value in about["Environment"]["Variables"].items() if name.endswith("_API_KEY_ID")
        }
        for function, about in template.functions().items()
    }
    assert {function: keys for function, keys in known.items() if keys} == {
        "write-to-kinesis": {"ApiGatewayApiKey1"},
        "query-transactions": {"ReaderApiKey", "ReviewerApiKey"},
    }


def test_the_usage_plans_bound_rate_and_day(template: Template) -> None:
    for plan in template.of_type("AWS::ApiGateway::UsagePlan").values():
        assert 0 < plan["Throttle"]["RateLimit"] <= plan["Throttle"]["BurstLimit"]
        assert plan["Quota"]["Period"] == "DAY"
        assert plan["Quota"]["Limit"] > 0
        (stage,) = plan["ApiStages"]
        assert (text(stage["ApiId"]), stage["Stage"]) == ("ApiGatewayRestApi", template.stage)


def test_production_takes_more_than_dev(prod: Template, dev: Template) -> None:
    large, small = (t.of_type("AWS::ApiGateway::UsagePlan") for t in (prod, dev))
    for plan in ("ApiGatewayUsagePlan", "ReaderUsagePlan", "ReviewerUsagePlan"):
        assert large[plan]["Throttle"]["RateLimit"] > small[plan]["Throttle"]["RateLimit"]
        assert large[plan]["Quota"]["Limit"] > small[plan]["Quota"]["Limit"]


def test_access_is_logged_on_aws_without_bodies_or_key_values(on_aws: Template) -> None:
    groups = {p["LogGroupName"]: p for p in on_aws.of_type("AWS::Logs::LogGroup").values()}
    assert groups[f"/aws/api-gateway/swipeline-{on_aws.stage}"]["RetentionInDays"] > 0
    (account,) = on_aws.of_type("AWS::ApiGateway::Account").values()
    assert text(account["CloudWatchRoleArn"]) == "ApiLogRole.Arn"
    logs = on_aws.settings()["logs"]["restApi"]
    assert logs["executionLogging"] is False
    assert "$context.requestId" in logs["format"]
    assert not [word for word in ('$context.identity.apiKey"', "$input", "body") if word in logs["format"]]


def test_the_account_keeps_its_log_role_when_a_stage_goes(on_aws: Template) -> None:
    for name in ("ApiLogRole", "ApiAccount"):
        assert on_aws.resources[name]["DeletionPolicy"] == "Retain"
