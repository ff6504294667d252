"""What guards the stage: the key of the secrets, who may call the API, which checks of checkov are off and why."""

from __future__ import annotations

import hashlib
import json
import re
from fnmatch import fnmatchcase

from tests.template.packaging import ROOT
from tests.template.template import Template, packaged, text


def test_the_secrets_are_under_a_key_of_the_stages_own_that_only_secrets_manager_can_use(template: Template) -> None:
    for name, secret in template.of_type("AWS::SecretsManager::Secret").items():
        if template.stage == "prod":
            assert secret["KmsKeyId"] == {"Ref": "SecretsKey"}, name
        else:
            assert "KmsKeyId" not in secret, "AWS's own key serves what is made up, and costs nothing to have"
    if template.stage != "prod":
        return
    key = template.of_type("AWS::KMS::Key")["SecretsKey"]
    assert key["EnableKeyRotation"] is True
    administer, use = key["KeyPolicy"]["Statement"]
    assert text(administer["Principal"]["AWS"]).endswith(":root")
    conditions = use["Condition"]["StringEquals"]
    assert conditions["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert text(conditions["kms:ViaService"]) == "secretsmanager.${AWS::Region}.amazonaws.com"


def test_every_log_group_is_under_a_key_that_cloudwatch_logs_can_use_for_the_stages_groups_alone(
    prod: Template,
) -> None:
    groups = prod.of_type("AWS::Logs::LogGroup").values()
    assert {text(group["KmsKeyId"]) for group in groups} == {"LogsKey.Arn"}
    key = prod.of_type("AWS::KMS::Key")["LogsKey"]
    assert key["EnableKeyRotation"] is True
    administer, use = key["KeyPolicy"]["Statement"]
    assert text(administer["Principal"]["AWS"]).endswith(":root")
    assert text(use["Principal"]["Service"]) == "logs.${AWS::Region}.amazonaws.com"
    assert not {"kms:*", "kms:CreateGrant", "kms:PutKeyPolicy"} & set(use["Action"])
    prefix = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    patterns = [text(arn) for arn in use["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]]
    assert all(f"/swipeline-{prod.stage}" in pattern for pattern in patterns)
    for group in groups:  # one that no pattern covers could not be made
        assert [p for p in patterns if fnmatchcase(prefix + group["LogGroupName"], p)], group["LogGroupName"]


def test_a_stage_may_ask_for_keys_of_its_own_and_the_others_have_none(local: Template, dev: Template) -> None:
    for stage in (local, dev):
        assert not [g for g in stage.of_type("AWS::Logs::LogGroup").values() if "KmsKeyId" in g]
    asked = packaged("dev", "keys=own")
    assert set(asked.of_type("AWS::KMS::Key")) == {"SecretsKey", "LogsKey"}
    assert all("KmsKeyId" in secret for secret in asked.of_type("AWS::SecretsManager::Secret").values())


def test_the_api_takes_no_tls_older_than_1_2_and_a_change_of_that_is_deployed(
    on_aws: Template, local: Template
) -> None:
    (api,) = on_aws.of_type("AWS::ApiGateway::RestApi").values()
    assert re.match(r"SecurityPolicy_TLS13_1_[23]_", api["SecurityPolicy"])
    assert api["EndpointAccessMode"] == "STRICT"  # these policies ask for a mode
    assert "SecurityPolicy" not in local.resources["ApiGatewayRestApi"]["Properties"]
    kinds = "RestApi|Resource|Method|Model|RequestValidator|GatewayResponse"
    parts = [[i, r] for i, r in on_aws.resources.items() if re.fullmatch(f"AWS::ApiGateway::({kinds})", r["Type"])]
    parts.sort(key=lambda part: part[0])
    (deployment,) = on_aws.of_type("AWS::ApiGateway::Deployment")
    digest = hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    assert deployment == f"ApiGatewayDeployment{digest[:12]}"


def test_secrets_manager_rotates_the_card_key_of_prod_once_a_year_and_may_call_the_function_for_that_alone(
    prod: Template, dev: Template, local: Template
) -> None:
    (schedule,) = prod.of_type("AWS::SecretsManager::RotationSchedule").values()
    assert text(schedule["SecretId"]) == "CardKeySecret"
    assert text(schedule["RotationLambdaARN"]) == "RotateDashcardDashkeyLambdaFunction.Arn"
    assert schedule["RotationRules"] == {"AutomaticallyAfterDays": 365}
    assert schedule["RotateImmediatelyOnUpdate"] is False  # or each deploy that changes it would add a key
    callers = {
        name: p for name, p in prod.of_type("AWS::Lambda::Permission").items() if "Rotat" in text(p["FunctionName"])
    }
    assert set(callers) == {"CardKeyRotationPermission"}
    permission = callers["CardKeyRotationPermission"]
    assert permission["Principal"] == "secretsmanager.amazonaws.com"
    assert (text(permission["SourceArn"]), text(permission["SourceAccount"])) == ("CardKeySecret", "AWS::AccountId")
    for by_hand in (dev, local):
        assert "AWS::SecretsManager::RotationSchedule" not in {r["Type"] for r in by_hand.resources.values()}
        assert "CardKeyRotationPermission" not in by_hand.resources


def test_every_method_asks_for_a_key(template: Template) -> None:
    methods = template.of_type("AWS::ApiGateway::Method")
    assert len(methods) >= 9
    assert {method["ApiKeyRequired"] for method in methods.values()} == {True}


def test_every_plan_has_a_rate_and_a_quota(template: Template) -> None:
    for plan in template.of_type("AWS::ApiGateway::UsagePlan").values():
        assert plan["Throttle"]["RateLimit"] > 0
        assert plan["Throttle"]["BurstLimit"] > 0
        assert plan["Quota"]["Limit"] > 0


def test_no_bucket_can_be_public(template: Template) -> None:
    for name, bucket in template.of_type("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["BucketEncryption"], name


def test_the_options_are_off_unless_asked_for(template: Template) -> None:
    assert not [r for r in template.resources.values() if r["Type"].startswith("AWS::WAFv2")]
    methods = template.of_type("AWS::ApiGateway::Method").values()
    assert {method["AuthorizationType"] for method in methods} == {"NONE"}


def test_each_check_that_is_off_has_its_reason() -> None:
    lines = (ROOT / ".checkov.yml").read_text().splitlines()
    start = lines.index("skip-check:") + 1
    explained = False
    skipped = []
    for line in lines[start:]:
        if line.lstrip().startswith("#"):
            explained = len(line) > 40
        else:
            assert explained, line
            skipped += re.findall(r"CKV\w+", line)
    assert len(skipped) == len(set(skipped)) > 5
