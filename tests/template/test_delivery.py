"""Firehose and the warehouse: what is copied, as whom, and what happens when it cannot be."""

from __future__ import annotations

import json

import pytest

from fraud.alert import Alert
from fraud.verdict import VERDICT_COLUMNS
from functions.migrate_warehouse.loader import TABLES
from shared.transaction.schema import FIELDS
from tests.template.template import Template, text


@pytest.fixture
def delivery(template: Template) -> dict:
    return template.of_type("AWS::KinesisFirehose::DeliveryStream")["WarehouseDelivery"]


@pytest.fixture
def alerts(template: Template) -> dict:
    return template.of_type("AWS::KinesisFirehose::DeliveryStream")["AlertDelivery"]


def test_alerts_are_copied_by_the_names_that_their_lines_have(alerts: dict) -> None:
    assert alerts["DeliveryStreamType"] == "DirectPut", "a stream of their own would be paid alerts or not"
    assert alerts["DeliveryStreamEncryptionConfigurationInput"] == {"KeyType": "AWS_OWNED_CMK"}
    copy = alerts["RedshiftDestinationConfiguration"]["CopyCommand"]
    assert copy["DataTableName"] == "staging.alert_event"
    assert copy["DataTableColumns"].split(",") == [*Alert._fields, *VERDICT_COLUMNS]
    assert copy["CopyOptions"].startswith("JSON 'auto' GZIP TIMEFORMAT 'auto'")


def test_alerts_are_delivered_as_transactions_are_but_beside_them(delivery: dict, alerts: dict) -> None:
    one, other = ({**d["RedshiftDestinationConfiguration"]} for d in (delivery, alerts))
    assert one.pop("CopyCommand") != other.pop("CopyCommand")
    files, of_alerts = one.pop("S3Configuration"), other.pop("S3Configuration")
    assert one == other
    assert of_alerts["Prefix"] == "alerts/"
    assert {**files, "Prefix": "", "BufferingHints": {}} == {**of_alerts, "Prefix": "", "BufferingHints": {}}


def test_every_record_goes_through_check_delivery_and_a_failure_is_retried_for_long(delivery: dict) -> None:
    (processor,) = delivery["RedshiftDestinationConfiguration"]["ProcessingConfiguration"]["Processors"]
    given = {one["ParameterName"]: one["ParameterValue"] for one in processor["Parameters"]}
    assert processor["Type"] == "Lambda"
    assert text(given["LambdaArn"]) == "CheckDashdeliveryLambdaFunction.Arn"
    assert given["NumberOfRetries"] == "300", "AWS's most: past them, rows would be missing until a redrive"
    # Base64 and metadata around it, an event must stay below Lambda's 6 MB, and so must the answer.
    assert float(given["BufferSizeInMBs"]) <= 3


def test_firehose_reads_the_stream_itself(delivery: dict) -> None:
    assert delivery["DeliveryStreamType"] == "KinesisStreamAsSource"
    assert text(delivery["KinesisStreamSourceConfiguration"]["KinesisStreamARN"]) == "TransactionStream.Arn"


def test_copy_names_the_columns_of_the_one_schema_in_its_order(delivery: dict) -> None:
    copy = delivery["RedshiftDestinationConfiguration"]["CopyCommand"]
    assert copy["DataTableName"] == "staging.transaction"
    assert copy["DataTableColumns"].split(",") == ["schema_version", *(field.name for field in FIELDS)]


def test_copy_reads_gzip_json_by_jsonpaths_and_refuses_to_guess(delivery: dict) -> None:
    options = text(delivery["RedshiftDestinationConfiguration"]["CopyCommand"]["CopyOptions"])
    assert options.startswith("JSON 's3://${DeliveryBucket}/jsonpaths/transaction-2.json' GZIP ")
    assert "TIMEFORMAT 'auto'" in options
    assert "DATEFORMAT 'auto'" in options
    assert "MAXERROR 100000" in options, "a line that cannot be read is in quarantine; it must not fail the whole COPY"
    assert "MANIFEST" not in options, "Firehose adds it"


def test_objects_are_compressed_buffered_and_kept_apart_from_errors(delivery: dict, template: Template) -> None:
    bucket = delivery["RedshiftDestinationConfiguration"]["S3Configuration"]
    assert text(bucket["BucketARN"]) == "DeliveryBucket.Arn"
    assert bucket["CompressionFormat"] == "GZIP"
    assert (bucket["Prefix"], bucket["ErrorOutputPrefix"]) == ("transactions/", "errors/")
    hints = bucket["BufferingHints"]
    assert 1 <= hints["SizeInMBs"] <= 128
    assert hints["IntervalInSeconds"] == {"local": 1, "prod": 60}.get(template.stage, 300)


def test_nothing_that_failed_to_be_copied_expires(template: Template) -> None:
    rules = template.of_type("AWS::S3::Bucket")["DeliveryBucket"]["LifecycleConfiguration"]["Rules"]
    expiring = [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule]
    assert expiring == ["transactions/", "alerts/", "manifests/", "replays/", "migrations/", "redriven/", "discarded/"]


def test_firehose_logs_in_with_the_loader_secret(delivery: dict) -> None:
    destination = delivery["RedshiftDestinationConfiguration"]
    login = destination["SecretsManagerConfiguration"]
    assert login["Enabled"] is True
    assert text(login["SecretARN"]) == "WarehouseLoaderSecret.Id"
    assert not {"Username", "Password"} & set(destination)


def test_the_loader_is_not_the_warehouses_owner(template: Template) -> None:
    secrets = template.of_type("AWS::SecretsManager::Secret")
    users = {
        name: json.loads(secret["GenerateSecretString"]["SecretStringTemplate"]).get("username")
        for name, secret in secrets.items()
    }
    assert users["WarehouseAdminSecret"] == "swipeline_admin"
    assert users["WarehouseLoaderSecret"] == "swipeline_firehose"
    destinations = [
        stream["RedshiftDestinationConfiguration"]
        for stream in template.of_type("AWS::KinesisFirehose::DeliveryStream").values()
    ]
    assert {text(one["SecretsManagerConfiguration"]["SecretARN"]) for one in destinations} == {
        "WarehouseLoaderSecret.Id"
    }
    assert {one["CopyCommand"]["DataTableName"] for one in destinations} == set(TABLES)


def test_a_failed_copy_is_retried_and_logged(delivery: dict) -> None:
    destination = delivery["RedshiftDestinationConfiguration"]
    assert 3600 <= destination["RetryOptions"]["DurationInSeconds"] <= 7200  # Firehose's limit
    for options in (destination, destination["S3Configuration"]):
        logging = options["CloudWatchLoggingOptions"]
        assert logging["Enabled"] is True
        assert text(logging["LogGroupName"]) == "DeliveryLogGroup"
    streams = [o["CloudWatchLoggingOptions"]["LogStreamName"] for o in (destination, destination["S3Configuration"])]
    assert [text(stream) for stream in streams] == ["DeliveryLogStream", "BackupLogStream"]


def test_the_warehouse_admits_firehose_alone(on_aws: Template) -> None:
    (group,) = on_aws.of_type("AWS::EC2::SecurityGroup").values()
    (way_in,) = group["SecurityGroupIngress"]
    assert (way_in["IpProtocol"], way_in["FromPort"], way_in["ToPort"]) == ("tcp", 5439, 5439)
    assert way_in["CidrIp"] == {"Fn::FindInMap": ["FirehoseAddresses", {"Ref": "AWS::Region"}, "Cidr"]}
    addresses = on_aws.body["Mappings"]["FirehoseAddresses"]
    assert addresses["us-east-1"] == {"Cidr": "52.70.63.192/27"}
    assert all(address["Cidr"].endswith("/27") for address in addresses.values())


def test_firehose_is_trusted_for_this_account_alone_by_a_key_that_it_sends(template: Template) -> None:
    """It sends no sts:ExternalId any more: with that condition no delivery stream could be created."""
    statements = template.resources["DeliveryRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    (of_firehose,) = [s for s in statements if s["Principal"]["Service"] == "firehose.amazonaws.com"]
    assert of_firehose["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_warehouse_is_there_before_firehose_delivers_to_it(on_aws: Template) -> None:
    assert on_aws.resources["WarehouseDelivery"]["DependsOn"] == ["Workgroup"]
    (workgroup,) = on_aws.of_type("AWS::RedshiftServerless::Workgroup").values()
    url = text(
        on_aws.resources["WarehouseDelivery"]["Properties"]["RedshiftDestinationConfiguration"]["ClusterJDBCURL"]
    )
    assert url == (
        f"jdbc:redshift://{workgroup['WorkgroupName']}.${{AWS::AccountId}}.${{AWS::Region}}"
        ".redshift-serverless.amazonaws.com:5439/swipeline"
    )


def test_the_warehouse_speaks_tls_and_its_size_is_bounded(on_aws: Template) -> None:
    (workgroup,) = on_aws.of_type("AWS::RedshiftServerless::Workgroup").values()
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in workgroup["ConfigParameters"]
    assert workgroup["BaseCapacity"] <= workgroup["MaxCapacity"]
    assert len(workgroup["SubnetIds"]) == 3
    (namespace,) = on_aws.of_type("AWS::RedshiftServerless::Namespace").values()
    assert [text(role) for role in namespace["IamRoles"]] == ["CopyRole.Arn", "DeliveryRole.Arn"]


def test_the_embedded_aws_is_not_asked_for_a_warehouse_it_does_not_know(local: Template) -> None:
    kinds = {resource["Type"] for resource in local.resources.values()}
    assert not [kind for kind in kinds if kind.startswith(("AWS::RedshiftServerless::", "AWS::EC2::"))]


def test_a_manifest_asks_for_a_merge(template: Template) -> None:
    (notification,) = template.of_type("AWS::S3::Bucket")["DeliveryBucket"]["NotificationConfiguration"][
        "QueueConfigurations"
    ]
    assert text(notification["Queue"]) == "MergeQueue.Arn"
    assert notification["Event"] == "s3:ObjectCreated:*"
    assert notification["Filter"] == {"S3Key": {"Rules": [{"Name": "prefix", "Value": "manifests/"}]}}
    assert "MergeQueuePolicy" in template.resources["DeliveryBucket"]["DependsOn"]
    (statement,) = template.of_type("AWS::SQS::QueuePolicy")["MergeQueuePolicy"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    bucket = text(template.of_type("AWS::S3::Bucket")["DeliveryBucket"]["BucketName"])
    assert text(statement["Condition"]["ArnEquals"]["aws:SourceArn"]).endswith(f":s3:::{bucket}")


def test_a_delivery_is_retried_within_a_limit_and_then_kept(template: Template) -> None:
    queue = template.of_type("AWS::SQS::Queue")["MergeQueue"]
    assert text(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "MergesGivenUp.Arn"
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 50
    function = template.functions()["merge-warehouse"]
    assert queue["VisibilityTimeout"] >= function["Timeout"], "Lambda refuses the mapping otherwise"
    (mapping,) = (
        one
        for one in template.of_type("AWS::Lambda::EventSourceMapping").values()
        if text(one["EventSourceArn"]) == "MergeQueue.Arn"
    )
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] == 100
    assert mapping["MaximumBatchingWindowInSeconds"] >= 1, "which a batch of more than 10 takes"


def test_a_row_is_merged_within_a_minute_of_its_delivery(on_aws: Template) -> None:
    queue = on_aws.of_type("AWS::SQS::Queue")["MergeQueue"]
    window = max(
        one["MaximumBatchingWindowInSeconds"]
        for one in on_aws.of_type("AWS::Lambda::EventSourceMapping").values()
        if text(one["EventSourceArn"]) == "MergeQueue.Arn"
    )
    assert queue["DelaySeconds"] + window <= 30


def test_the_warehouse_of_dev_stays_at_its_base_and_each_has_a_daily_limit(dev: Template, prod: Template) -> None:
    workgroup = dev.of_type("AWS::RedshiftServerless::Workgroup")["Workgroup"]
    assert workgroup["BaseCapacity"] == workgroup["MaxCapacity"]
    limits = [int(one.body["Outputs"]["WarehouseRpuHoursPerDay"]["Value"]) for one in (dev, prod)]
    assert limits == [48, 768]
