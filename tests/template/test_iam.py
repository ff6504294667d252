"""Roles: one per function, each with exactly what the function calls, on the resources it calls it on."""

from __future__ import annotations

import json

import pytest

from local.settings import ACCOUNT_ID
from local.trust import trusts
from tests.template.template import Template, as_list, text

Permissions = set[tuple[str, str]]

WORKGROUP = {
    True: "Workgroup.Workgroup.WorkgroupArn",
    False: "arn:${AWS::Partition}:redshift-serverless:${AWS::Region}:${AWS::AccountId}:workgroup/swipeline-local",
}
# Actions that AWS cannot restrict to a resource, and why; each must be on "*".
NO_RESOURCE = {
    "xray:PutTraceSegments": "X-Ray has no resources for it",
    "xray:PutTelemetryRecords": "X-Ray has no resources for it",
    "xray:GetSamplingRules": "X-Ray has no resources for it",
    "xray:GetSamplingTargets": "X-Ray has no resources for it",
    "cloudwatch:PutMetricData": "a metric has no ARN; a condition restricts it to Glue's namespace",
    "redshift-data:DescribeStatement": "a statement has no ARN; a condition restricts it to its owner's",
    "redshift-data:GetStatementResult": "a statement has no ARN; a condition restricts it to its owner's",
    "redshift-data:CancelStatement": "a statement has no ARN; a condition restricts it to its owner's",
}


def trace() -> Permissions:
    return {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}


def consume() -> Permissions:
    actions = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
    give_up = {("s3:PutObject", "${QuarantineBucket.Arn}/aws/lambda/*"), ("s3:ListBucket", "QuarantineBucket.Arn")}
    return {(f"kinesis:{action}", "TransactionStream.Arn") for action in actions} | give_up


def run_sql(on_aws: bool) -> Permissions:
    workgroup = WORKGROUP[on_aws]
    login = ("secretsmanager:GetSecretValue", "WarehouseAdminSecret.Id")
    return {
        ("redshift-data:BatchExecuteStatement", workgroup),
        ("redshift-data:DescribeStatement", "*"),
        ("redshift-data:GetStatementResult", "*"),
        login if on_aws else ("redshift-serverless:GetCredentials", workgroup),
    }


def expected(function: str, on_aws: bool) -> Permissions:
    match function:
        case "write-to-kinesis":
            return trace() | {
                ("kinesis:PutRecords", "TransactionStream.Arn"),
                ("dynamodb:GetItem", "RequestsTable.Arn"),
                ("dynamodb:PutItem", "RequestsTable.Arn"),
                ("secretsmanager:GetSecretValue", "CardKeySecret.Id"),
            }
        case "write-to-dynamodb":
            actions = ("BatchGetItem", "PartiQLInsert", "PutItem")
            items = {(f"dynamodb:{action}", "TransactionTable.Arn") for action in actions}
            return trace() | consume() | items | {("dynamodb:BatchWriteItem", "MerchantsTable.Arn")}
        case "query-transactions":
            indexes = (f"${{TransactionTable.Arn}}/index/{name}" for name in ("merchant-time", "transaction-id"))
            queried = {("dynamodb:Query", arn) for arn in ("TransactionTable.Arn", "MerchantsTable.Arn", *indexes)}
            of_alerts = (f"${{AlertsTable.Arn}}/index/{name}" for name in ("day-time", "card-time", "status-time"))
            queried |= {("dynamodb:Query", arn) for arn in of_alerts}
            return (
                trace()
                | queried
                | {
                    ("dynamodb:GetItem", "TransactionTable.Arn"),
                    ("dynamodb:GetItem", "AlertsTable.Arn"),
                    ("dynamodb:UpdateItem", "AlertsTable.Arn"),
                    ("dynamodb:GetItem", "ProfilesTable.Arn"),
                    ("dynamodb:UpdateItem", "ProfilesTable.Arn"),
                    ("dynamodb:GetItem", "RiskTable.Arn"),
                    ("dynamodb:UpdateItem", "RiskTable.Arn"),
                    ("firehose:PutRecordBatch", "AlertDelivery.Arn"),
                    ("kinesis:PutRecords", "TransactionStream.Arn"),
                    ("secretsmanager:GetSecretValue", "CardKeySecret.Id"),
                }
            )
        case "write-to-s3":
            return (
                trace()
                | consume()
                | {
                    ("s3:PutObject", "${LakeBucket.Arn}/transactions/*"),
                    ("s3:PutObject", "${QuarantineBucket.Arn}/quarantine/*"),
                }
            )
        case "detect-fraud":
            return (
                trace()
                | consume()
                | {
                    ("dynamodb:BatchGetItem", "ProfilesTable.Arn"),
                    ("dynamodb:BatchGetItem", "RiskTable.Arn"),
                    ("dynamodb:PartiQLInsert", "ProfilesTable.Arn"),
                    ("dynamodb:PartiQLUpdate", "ProfilesTable.Arn"),
                    ("dynamodb:PartiQLInsert", "AlertsTable.Arn"),
                    ("firehose:PutRecordBatch", "AlertDelivery.Arn"),
                    ("sns:Publish", "FraudAlertTopic"),
                    ("dynamodb:UpdateItem", "DriftTable.Arn"),
                    ("s3:PutObject", "${QuarantineBucket.Arn}/quarantine/detect-fraud/*"),
                }
            )
        case "check-delivery":
            return trace() | {("s3:PutObject", "${QuarantineBucket.Arn}/quarantine/check-delivery/*")}
        case "measure-fraud":
            read = (
                "DriftTable.Arn",
                "${AlertsTable.Arn}/index/day-time",
                "${TransactionTable.Arn}/index/merchant-time",
            )
            counted = {(f"dynamodb:{action}", "RiskTable.Arn") for action in ("GetItem", "UpdateItem", "Scan")}
            return trace() | {("dynamodb:Query", arn) for arn in read} | counted
        case "merge-warehouse":
            queue = {
                (f"sqs:{action}", "MergeQueue.Arn")
                for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
            }
            manifests = {
                ("s3:GetObject", f"${{DeliveryBucket.Arn}}/{folder}/*") for folder in ("manifests", "errors/manifests")
            }
            notifying = {
                ("dynamodb:BatchGetItem", "TransactionTable.Arn"),
                ("dynamodb:PutItem", "TransactionTable.Arn"),
                ("s3:PutObject", "${QuarantineBucket.Arn}/conflicts/*"),
                ("s3:DeleteObject", "${QuarantineBucket.Arn}/conflicts/*"),
                ("kinesis:PutRecords", "TransactionStream.Arn"),
            }
            return trace() | run_sql(on_aws) | queue | manifests | notifying | {("s3:ListBucket", "DeliveryBucket.Arn")}
        case "migrate-warehouse":
            published = {
                ("s3:PutObject", f"${{DeliveryBucket.Arn}}/{folder}/*")
                for folder in ("jsonpaths", "migrations", "glue")
            }
            loader = {("secretsmanager:GetSecretValue", "WarehouseLoaderSecret.Id")}
            return trace() | run_sql(on_aws) | published | loader
        case "rotate-card-key":
            actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
            return trace() | {(f"secretsmanager:{action}", "CardKeySecret.Id") for action in actions}
    raise AssertionError(f"no permissions are written down for {function}")


def logs(template: Template, function: str) -> Permissions:
    group = f"/aws/lambda/swipeline-{template.stage}-{function}"
    arn = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{group}:*:*"
    return {("logs:CreateLogStream", arn), ("logs:PutLogEvents", arn)}


def allowed(role: dict[str, object]) -> Permissions:
    found: Permissions = set()
    for policy in role["Properties"]["Policies"]:  # type: ignore[index]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            resources = [text(resource) for resource in as_list(statement["Resource"])]
            found |= {(action, resource) for action in as_list(statement["Action"]) for resource in resources}
    return found


@pytest.mark.parametrize(
    "function",
    [
        "query-transactions",
        "write-to-kinesis",
        "write-to-dynamodb",
        "write-to-s3",
        "detect-fraud",
        "check-delivery",
        "measure-fraud",
        "merge-warehouse",
        "migrate-warehouse",
        "rotate-card-key",
    ],
)
def test_a_function_may_do_exactly_what_it_does(template: Template, function: str) -> None:
    on_aws = template.stage != "local"
    assert allowed(template.roles()[function]) == expected(function, on_aws) | logs(template, function)


def test_every_function_has_a_role_of_its_own_that_only_lambda_assumes(template: Template) -> None:
    roles = template.roles()
    assert len({role["Properties"]["RoleName"]["Fn::Join"][1][2] for role in roles.values()}) == len(roles)
    for role in roles.values():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": ["lambda.amazonaws.com"]}
        assert not role["Properties"].get("ManagedPolicyArns")


def test_each_service_can_assume_the_roles_that_name_it(template: Template) -> None:
    """By what services send of themselves: aws:SourceAccount and aws:SourceArn, and no sts:ExternalId."""
    for name, role in template.of_type("AWS::IAM::Role").items():
        document = json.dumps(role["AssumeRolePolicyDocument"])
        policy = json.loads(document.replace('{"Ref": "AWS::AccountId"}', f'"{ACCOUNT_ID}"'))
        named = {
            service
            for statement in policy["Statement"]
            for service in as_list(statement["Principal"].get("Service", []))
        }
        assert named or "analyst" in name.lower(), name
        for service in named:
            assert trusts(policy, {service}), (name, service)
        assert "sts:ExternalId" not in document, name


def test_no_role_is_left_that_nobody_uses(template: Template) -> None:
    of_functions = {text(function["Role"]) for function in template.functions().values()}
    batch = {f"{name}Role.Arn" for name in ("Crawler", "Transform", "BatchMachine", "BatchStart")}
    people = {"AnalystRole.Arn"}
    others = (
        {"DeliveryRole.Arn", "CopyRole.Arn"}
        | people
        | batch
        | (set() if template.stage == "local" else {"ApiLogRole.Arn", "SnapshotRole.Arn"})
    )
    assert {f"{logical_id}.Arn" for logical_id in template.of_type("AWS::IAM::Role")} == of_functions | others


def test_no_statement_names_every_resource_where_aws_lets_it_name_one(template: Template) -> None:
    for role, statement in template.statements():
        for resource in map(text, as_list(statement["Resource"])):
            if resource == "*":
                assert set(as_list(statement["Action"])) <= set(NO_RESOURCE), role
            else:
                assert not resource.startswith(("*", "arn:aws:s3:::*")), role


def test_no_statement_allows_actions_by_wildcard(template: Template) -> None:
    for role, statement in template.statements():
        assert not [action for action in as_list(statement["Action"]) if "*" in action], role


def test_a_role_follows_only_the_statements_that_it_started(template: Template) -> None:
    owned = [s for _, s in template.statements() if "redshift-data:DescribeStatement" in as_list(s["Action"])]
    assert len(owned) == 3
    for statement in owned:
        ((key, owner),) = statement["Condition"]["StringEquals"].items()
        assert (key, text(owner)) == ("redshift-data:statement-owner-iam-userid", "${aws:userid}")


def test_an_analyst_logs_in_without_the_owners_secret_and_as_the_database_role_of_the_marts(template: Template) -> None:
    role = template.resources["AnalystRole"]
    workgroup = WORKGROUP["Workgroup" in template.resources]
    follow = {"DescribeStatement", "GetStatementResult", "CancelStatement"}
    assert allowed(role) == {
        ("redshift-data:ExecuteStatement", workgroup),
        ("redshift-data:BatchExecuteStatement", workgroup),
        ("redshift-serverless:GetCredentials", workgroup),
        *((f"redshift-data:{action}", "*") for action in follow),
    }
    assert {"Key": "RedshiftDbRoles", "Value": "analyst"} in role["Properties"]["Tags"]
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert text(trust["Principal"]["AWS"]) == "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"


def test_firehose_may_read_the_stream_fill_the_bucket_and_log_in(template: Template) -> None:
    role = template.resources["DeliveryRole"]
    assert {resource for _, resource in allowed(role)} == {
        "TransactionStream.Arn",
        "DeliveryBucket.Arn",
        "${DeliveryBucket.Arn}/*",
        "WarehouseLoaderSecret.Id",
        "CheckDashdeliveryLambdaFunction.Arn",
        "${CheckDashdeliveryLambdaFunction.Arn}:$LATEST",
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${DeliveryLogGroup}:log-stream:*",
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${DeliveryLogGroup}",
    }
    firehose, redshift = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert firehose["Principal"] == {"Service": "firehose.amazonaws.com"}
    assert firehose["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert redshift["Principal"] == {"Service": ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]}


def test_copy_may_read_what_was_delivered_and_what_a_replay_loads_from_the_lake_and_no_more(template: Template) -> None:
    assert allowed(template.resources["CopyRole"]) == {
        ("s3:GetBucketLocation", "DeliveryBucket.Arn"),
        ("s3:GetBucketLocation", "LakeBucket.Arn"),
        ("s3:ListBucket", "DeliveryBucket.Arn"),
        ("s3:ListBucket", "LakeBucket.Arn"),
        ("s3:GetObject", "${DeliveryBucket.Arn}/*"),
        ("s3:GetObject", "${LakeBucket.Arn}/transactions/*"),
    }


def test_an_analyst_reads_the_lake_through_athena_and_never_the_raw_zone(template: Template) -> None:
    policy = template.resources["AnalystLakePolicy"]
    assert [text(role) for role in policy["Properties"]["Roles"]] == ["AnalystRole"]
    may = {
        (action, text(resource))
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    objects = {(action, resource) for action, resource in may if action in ("s3:GetObject", "s3:PutObject")}
    results = "${LakeBucket.Arn}/query-results/*"
    assert objects == {
        ("s3:GetObject", "${LakeBucket.Arn}/batch/*"),
        ("s3:GetObject", results),
        ("s3:PutObject", results),
    }
    assert {resource for action, resource in may if action.startswith("athena:")} == {
        "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/${LakeWorkgroup}"
    }


def test_a_query_of_the_lake_has_a_limit_and_its_result_an_end(template: Template) -> None:
    workgroup = template.resources["LakeWorkgroup"]["Properties"]["WorkGroupConfiguration"]
    assert workgroup["EnforceWorkGroupConfiguration"] is True
    assert 10_000_000 <= workgroup["BytesScannedCutoffPerQuery"] <= 2**40
    assert text(workgroup["ResultConfiguration"]["OutputLocation"]) == "s3://${LakeBucket}/query-results/"
    rules = template.resources["LakeBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (ends,) = [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "query-results/"]
    assert 1 <= ends <= 30
