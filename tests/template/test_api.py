"""The API: who may send, how much, and what is logged of it."""

from __future__ import annotations

from tests.template.template import Template, text


def test_transactions_are_posted_with_a_key_to_write_to_kinesis(template: Template) -> None:
    (method,) = template.of_type("AWS::ApiGateway::Method").values()
    (resource,) = template.of_type("AWS::ApiGateway::Resource").values()
    assert (resource["PathPart"], method["HttpMethod"], method["ApiKeyRequired"]) == ("transactions", "POST", True)
    assert method["Integration"]["Type"] == "AWS_PROXY"
    assert "WriteDashtoDashkinesisLambdaFunction.Arn" in text(method["Integration"]["Uri"])


def test_the_sender_key_is_in_the_usage_plan(template: Template) -> None:
    (key,) = template.of_type("AWS::ApiGateway::ApiKey").values()
    (membership,) = template.of_type("AWS::ApiGateway::UsagePlanKey").values()
    assert (key["Name"], key["Enabled"]) == (f"swipeline-{template.stage}-sender", True)
    assert (text(membership["KeyId"]), text(membership["UsagePlanId"])) == ("ApiGatewayApiKey1", "ApiGatewayUsagePlan")


def test_the_usage_plan_bounds_rate_and_day(template: Template) -> None:
    (plan,) = template.of_type("AWS::ApiGateway::UsagePlan").values()
    assert 0 < plan["Throttle"]["RateLimit"] <= plan["Throttle"]["BurstLimit"]
    assert plan["Quota"]["Period"] == "DAY"
    assert plan["Quota"]["Limit"] > 0
    (stage,) = plan["ApiStages"]
    assert (text(stage["ApiId"]), stage["Stage"]) == ("ApiGatewayRestApi", template.stage)


def test_production_takes_more_than_dev(prod: Template, dev: Template) -> None:
    (large,), (small,) = (t.of_type("AWS::ApiGateway::UsagePlan").values() for t in (prod, dev))
    assert large["Throttle"]["RateLimit"] > small["Throttle"]["RateLimit"]
    assert large["Quota"]["Limit"] > small["Quota"]["Limit"]


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
