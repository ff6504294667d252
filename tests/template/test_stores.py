"""Stream, tables, buckets, secrets: encrypted, closed, and kept where they matter."""

from __future__ import annotations

import json

import pytest

from tests.template.template import Template, packaged, text

BUCKETS = {"LakeBucket", "QuarantineBucket", "DeliveryBucket"}
RAW = "RawBucket"  # not among them: it keeps no version, since what it has must be deleted
STORES = {  # types that hold data, or the key to it
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::RedshiftServerless::Namespace",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
}
KEPT = {
    "TransactionStream",
    "TransactionTable",
    "MerchantsTable",
    "ProfilesTable",
    "AlertsTable",
    "DriftTable",
    "RiskTable",
    "BatchLoadsTable",
    RAW,
    "CardKeySecret",
    "WarehouseAdminSecret",
    "WarehouseLoaderSecret",
    *BUCKETS,
}


def test_the_streams_are_encrypted(template: Template) -> None:
    for stream in template.of_type("AWS::Kinesis::Stream").values():
        assert stream["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}


def test_a_stage_has_one_provisioned_shard_and_production_keeps_a_week_of_it(dev: Template, prod: Template) -> None:
    for stage, hours in ((dev, 24), (prod, 168)):
        stream = stage.of_type("AWS::Kinesis::Stream")["TransactionStream"]
        assert (stream["StreamModeDetails"], stream["ShardCount"]) == ({"StreamMode": "PROVISIONED"}, 1)
        assert stream["RetentionPeriodHours"] == hours


def test_a_stage_may_ask_for_more_shards_or_for_a_stream_that_grows_by_itself() -> None:
    more = packaged("prod", "streamShards=4").of_type("AWS::Kinesis::Stream")["TransactionStream"]
    assert int(more["ShardCount"]) == 4
    grows = packaged("prod", "streamMode=ON_DEMAND").of_type("AWS::Kinesis::Stream")["TransactionStream"]
    assert grows["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in grows


def test_transactions_are_keyed_by_card_and_time_and_found_by_merchant_and_time(template: Template) -> None:
    table = template.of_type("AWS::DynamoDB::Table")["TransactionTable"]
    keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
    index, by_id = table["GlobalSecondaryIndexes"]
    assert keys == {"HASH": "card_id", "RANGE": "time_id"}
    assert {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]} == {
        "HASH": "merchant_bucket",
        "RANGE": "time_id",
    }
    assert (index["IndexName"], index["Projection"]) == ("merchant-time", {"ProjectionType": "ALL"})
    assert [key["AttributeName"] for key in by_id["KeySchema"]] == ["transaction_id", "time_id"]
    assert (by_id["IndexName"], by_id["Projection"]) == ("transaction-id", {"ProjectionType": "KEYS_ONLY"})


def test_answered_requests_expire(template: Template) -> None:
    table = template.of_type("AWS::DynamoDB::Table")["RequestsTable"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["KeySchema"] == [{"AttributeName": "idempotency_key", "KeyType": "HASH"}]


def test_tables_are_encrypted_and_paid_by_request(template: Template) -> None:
    for table in template.of_type("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_a_stage_may_ask_for_provisioned_tables_that_scale() -> None:
    asked = packaged("dev", "tableMode=PROVISIONED", "tableWriteUnits=7", "tableMostWriteUnits=900")
    tables = asked.of_type("AWS::DynamoDB::Table")
    provisioned = {name for name, table in tables.items() if table["BillingMode"] == "PROVISIONED"}
    assert provisioned == {"TransactionTable", "ProfilesTable"}, "what every transaction writes"
    targets = asked.of_type("AWS::ApplicationAutoScaling::ScalableTarget")
    policies = asked.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    assert {text(policy["ScalingTargetId"]) for policy in policies} == set(targets), "each target has its policy"
    scaled = {(text(one["ResourceId"]), one["ScalableDimension"]) for one in targets.values()}
    for name in provisioned:
        parts = [
            ("table", f"table/${{{name}}}", tables[name]),
            *(
                ("index", f"table/${{{name}}}/index/{index['IndexName']}", index)
                for index in tables[name].get("GlobalSecondaryIndexes", [])
            ),
        ]
        for kind, resource, part in parts:
            assert part["ProvisionedThroughput"] == {"WriteCapacityUnits": 7, "ReadCapacityUnits": 5}
            for unit in ("WriteCapacityUnits", "ReadCapacityUnits"):
                assert (resource, f"dynamodb:{kind}:{unit}") in scaled
    writes = [one for one in targets.values() if one["ScalableDimension"].endswith("WriteCapacityUnits")]
    assert {(one["MinCapacity"], one["MaxCapacity"]) for one in writes} == {(7, 900)}


def test_an_unknown_mode_of_the_tables_is_refused() -> None:
    with pytest.raises(RuntimeError, match="expected PAY_PER_REQUEST or PROVISIONED"):
        packaged("dev", "tableMode=ON_DEMAND")


def test_buckets_are_closed_to_the_public_owned_and_encrypted(template: Template) -> None:
    buckets = template.of_type("AWS::S3::Bucket")
    assert set(buckets) == BUCKETS | {RAW, "ServerlessDeploymentBucket"}
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", name
    for name in BUCKETS | {RAW}:
        assert buckets[name]["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_buckets_let_go_of_unfinished_uploads_and_old_versions(template: Template) -> None:
    for name in BUCKETS:
        rules = {r["Id"]: r for r in template.of_type("AWS::S3::Bucket")[name]["LifecycleConfiguration"]["Rules"]}
        assert rules["abort-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        assert all(rule["Status"] == "Enabled" for rule in rules.values())


def test_every_bucket_answers_over_tls_alone(on_aws: Template) -> None:
    denied = set()
    for policy in on_aws.of_type("AWS::S3::BucketPolicy").values():
        bucket = text(policy["Bucket"])
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement.get("Condition") not in (
                {"Bool": {"aws:SecureTransport": "false"}},
                {"Bool": {"aws:SecureTransport": False}},
            ):
                continue
            assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
            assert statement["Principal"] == "*"
            assert len(statement["Resource"]) == 2
            denied.add(bucket)
    assert denied == BUCKETS | {RAW, "ServerlessDeploymentBucket"}


def test_production_keeps_its_data_whatever_happens_to_the_stack(prod: Template, dev: Template) -> None:
    for name in KEPT | {"WarehouseNamespace"}:
        # Not Retain: a first deploy that fails would leave named stores behind, and could not be repeated.
        assert prod.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert prod.resources[name]["UpdateReplacePolicy"] == "Retain", name
        for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert dev.resources[name][attribute] == "Delete", name
    table = prod.of_type("AWS::DynamoDB::Table")["TransactionTable"]
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    for name in BUCKETS:
        assert prod.of_type("AWS::S3::Bucket")[name]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_whatever_prod_keeps_goes_when_its_first_deploy_fails(prod: Template) -> None:
    """Retain alone would leave a named store behind, which the next first deploy could not create again."""
    policies = {(r.get("DeletionPolicy"), r.get("UpdateReplacePolicy")): set() for r in prod.resources.values()}
    for name, resource in prod.resources.items():
        policies[resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")].add(name)
    assert policies.pop(("Retain", "Retain")) == {"ApiLogRole", "ApiAccount"}, "the account's; they have no names"
    assert policies.pop(("RetainExceptOnCreate", "Retain")) == KEPT | {"WarehouseNamespace", "SecretsKey"}
    assert policies.pop(("Delete", "Delete")) == {"RequestsTable"}, "what it holds expires within a day"
    assert set(policies) == {(None, None)}
    left = {name for name in policies[None, None] if prod.resources[name]["Type"] in STORES}
    assert left == {"ServerlessDeploymentBucket", "LogsKey"}, "which hold no data of the stage, and go with what does"


def test_secrets_are_generated_and_nowhere_in_the_template(template: Template) -> None:
    for secret in template.of_type("AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret
        assert secret["GenerateSecretString"]["PasswordLength"] >= 48
    for key in template.of_type("AWS::ApiGateway::ApiKey").values():
        assert "Value" not in key
    resolved = [word for word in json.dumps(template.body).split('"') if "{{resolve:" in word]
    assert all(word.startswith("{{resolve:secretsmanager:${WarehouseAdminSecret.Id}:") for word in resolved)
    outputs = json.dumps(template.body["Outputs"])
    assert "resolve:" not in outputs
    assert "ApiKey1" not in outputs.replace('{"Ref": "ApiGatewayApiKey1"}', "")


def test_the_first_card_key_is_64_characters_in_a_ring_of_its_own(template: Template) -> None:
    key = template.of_type("AWS::SecretsManager::Secret")["CardKeySecret"]["GenerateSecretString"]
    assert key["PasswordLength"] == 64
    assert (key["SecretStringTemplate"], key["GenerateStringKey"]) == ("{}", "1")  # the ring's first key
