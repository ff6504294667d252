"""Whether every part is there and switched on: what a release, a role or a hand has changed since the deploy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.verify.deployed import Deployed
from client.verify.line import CheckFailedError, NotAvailableError, listed


def redeploy(deployed: Deployed) -> str:
    """What to do about a part that is not as the template has it."""
    return f"deploy the stage again: swipeline deploy --stage {deployed.stage.name}"


def stack(deployed: Deployed) -> str:
    """The last deploy has ended well."""
    if not deployed.status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
        raise CheckFailedError(
            f"stack {deployed.stack} is {deployed.status}",
            "see its events in CloudFormation; a stack in ROLLBACK_COMPLETE is removed with `swipeline remove`",
        )
    return f"{deployed.stack} is {deployed.status}, {len(deployed.physical)} resources"


def functions(deployed: Deployed) -> str:
    """Each function is active, runs the code that was deployed, with the settings that were deployed."""
    client, problems = deployed.stage.client("lambda"), []
    found = deployed.of_type("AWS::Lambda::Function")
    for wanted in found.values():
        name = str(wanted["FunctionName"])
        try:
            live = client.get_function(FunctionName=name)
        except AwsError as error:
            problems.append(f"{name}: {_code(error)}")
            continue
        settings = live["Configuration"]
        if settings.get("State", "Active") != "Active":
            problems.append(f"{name} is {settings['State']}: {settings.get('StateReason', 'no reason given')}")
        problems += [
            f"{name} has {key} {settings.get(key)}, deployed was {wanted.get(key)}"
            for key in ("Handler", "Runtime", "MemorySize", "Timeout")
            if settings.get(key) != wanted.get(key)
        ]
        if live.get("Concurrency", {}).get("ReservedConcurrentExecutions") == 0:
            problems.append(f"{name} was stopped: its reserved concurrency is 0")
        variables = settings.get("Environment", {}).get("Variables", {})
        for key, value in wanted.get("Environment", {}).get("Variables", {}).items():
            if isinstance(value, str) and variables.get(key) != value:
                problems.append(f"{name} has {key} changed in its environment")
    problems += _drifted_code(deployed, found)
    return _or_fail(problems, f"{len(found)} functions as they were deployed", redeploy(deployed))


def _drifted_code(deployed: Deployed, found: dict[str, dict[str, Any]]) -> list[str]:
    """Functions whose code is not the artifact of the last deploy."""
    s3, hashes, problems = deployed.stage.client("s3"), {}, []
    bucket = deployed.physical.get("ServerlessDeploymentBucket", "")
    for wanted in found.values():
        key = wanted["Code"]["S3Key"]
        if key not in hashes:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            hashes[key] = base64.b64encode(hashlib.sha256(body).digest()).decode()
        try:
            live = deployed.stage.client("lambda").get_function_configuration(FunctionName=wanted["FunctionName"])
        except AwsError:
            continue  # named above
        if live["CodeSha256"] != hashes[key]:
            problems.append(f"{wanted['FunctionName']} runs other code than was deployed")
    return problems


def mappings(deployed: Deployed) -> str:
    """Each consumer reads the stream or its queue, and what it gives up goes to quarantine or a dead-letter queue."""
    client, problems = deployed.stage.client("lambda"), []
    wanted = deployed.of_type("AWS::Lambda::EventSourceMapping")
    quarantine = f":::{deployed.stage.output('QuarantineBucket')}"
    for uuid in wanted:
        try:
            live = client.get_event_source_mapping(UUID=uuid)
        except AwsError as error:
            problems.append(f"event source mapping {uuid}: {_code(error)}")
            continue
        name = live["FunctionArn"].split(":")[6]
        of_queue = live["EventSourceArn"].split(":")[2] == "sqs"
        if live["State"] not in ("Enabled", "Enabling", "Updating"):
            problems.append(f"the event source mapping of {name} is {live['State']}: the function reads nothing")
        destination = live.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination", "")
        if not of_queue and not destination.endswith(quarantine):
            problems.append(f"the event source mapping of {name} has no on-failure destination in quarantine")
    remedy = "enable it: aws lambda update-event-source-mapping --uuid UUID --enabled; else " + redeploy(deployed)
    return _or_fail(problems, f"{len(wanted)} event source mappings on, what they give up is kept", remedy)


def streams(deployed: Deployed) -> str:
    """Streams, their consumers and delivery streams are active."""
    kinesis, firehose = deployed.stage.client("kinesis"), deployed.stage.client("firehose")
    problems, names = [], list(deployed.of_type("AWS::Kinesis::Stream"))
    for name in names:
        status = _status(kinesis.describe_stream_summary, "StreamDescriptionSummary", StreamName=name)
        if status.get("StreamStatus") not in ("ACTIVE", "UPDATING"):
            problems.append(f"stream {name} is {status.get('StreamStatus', status.get('error'))}")
    for arn in deployed.of_type("AWS::Kinesis::StreamConsumer"):
        status = _status(kinesis.describe_stream_consumer, "ConsumerDescription", ConsumerARN=arn)
        if status.get("ConsumerStatus") != "ACTIVE":
            problems.append(f"consumer {arn} is {status.get('ConsumerStatus', status.get('error'))}")
    deliveries = list(deployed.of_type("AWS::KinesisFirehose::DeliveryStream"))
    for name in deliveries:
        status = _status(firehose.describe_delivery_stream, "DeliveryStreamDescription", DeliveryStreamName=name)
        if status.get("DeliveryStreamStatus") != "ACTIVE":
            problems.append(f"delivery stream {name} is {status.get('DeliveryStreamStatus', status.get('error'))}")
    return _or_fail(problems, f"{len(names)} streams and {len(deliveries)} delivery streams active", redeploy(deployed))


def stores(deployed: Deployed) -> str:
    """Tables are active, buckets are there."""
    dynamodb, s3, problems = deployed.stage.client("dynamodb"), deployed.stage.client("s3"), []
    tables, buckets = (list(deployed.of_type(kind)) for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket"))
    for name in tables:
        status = _status(dynamodb.describe_table, "Table", TableName=name)
        if status.get("TableStatus") not in ("ACTIVE", "UPDATING"):
            problems.append(f"table {name} is {status.get('TableStatus', status.get('error'))}")
    for name in buckets:
        status = _status(s3.head_bucket, Bucket=name)
        if "error" in status:
            problems.append(f"bucket {name}: {status['error']}")
    remedy = f"{redeploy(deployed)}; restore a table's data as docs/stages.md says"
    return _or_fail(problems, f"{len(tables)} tables and {len(buckets)} buckets", remedy)


def schedules(deployed: Deployed) -> str:
    """Rules are as they were deployed: on, with a target."""
    events, problems = deployed.stage.client("events"), []
    rules = {p.get("Name") or name: p for name, p in deployed.of_type("AWS::Events::Rule").items()}
    for name, wanted in rules.items():
        live = _status(events.describe_rule, Name=name)
        if live.get("State") != wanted.get("State", "ENABLED"):
            problems.append(f"rule {name} is {live.get('State', live.get('error'))}")
        elif not events.list_targets_by_rule(Rule=name)["Targets"]:
            problems.append(f"rule {name} has no target")
    remedy = "switch it on: aws events enable-rule --name NAME; else " + redeploy(deployed)
    return _or_fail(problems, f"{len(rules)} rules as they were deployed", remedy)


def api_keys(deployed: Deployed) -> str:
    """Senders, readers and reviewers have a key each, enabled and in a usage plan."""
    api, problems = deployed.stage.client("apigateway"), []
    plans = [plan["id"] for page in api.get_paginator("get_usage_plans").paginate() for plan in page["items"]]
    in_plans = {key["id"] for plan in plans for key in api.get_usage_plan_keys(usagePlanId=plan)["items"]}
    for title, output in (("sender", "SenderApiKeyId"), ("reader", "ReaderApiKeyId"), ("reviewer", "ReviewerApiKeyId")):
        key = deployed.stage.output(output)
        live = _status(api.get_api_key, apiKey=key)
        if "error" in live:
            problems.append(f"the {title}'s API key is gone ({live['error']})")
        elif not live.get("enabled", True):
            problems.append(f"the {title}'s API key is disabled")
        elif key not in in_plans:
            problems.append(f"the {title}'s API key is in no usage plan")
    return _or_fail(problems, "3 API keys, enabled and in usage plans", redeploy(deployed))


def log_groups(deployed: Deployed) -> str:
    """Each log group is there and keeps its lines as long as the template says."""
    logs, problems = deployed.stage.client("logs"), []
    wanted = {str(p["LogGroupName"]): p for p in deployed.of_type("AWS::Logs::LogGroup").values()}
    for name, group in wanted.items():
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        live = next((one for page in pages for one in page["logGroups"] if one["logGroupName"] == name), None)
        if live is None:
            problems.append(f"log group {name} is gone")
        elif live.get("retentionInDays") != group.get("RetentionInDays"):
            problems.append(f"log group {name} keeps its lines for {live.get('retentionInDays', 'ever')} days")
    return _or_fail(problems, f"{len(wanted)} log groups", redeploy(deployed))


def workgroup(deployed: Deployed) -> str:
    """The warehouse's workgroup is available."""
    if deployed.stage.local:
        raise NotAvailableError("stage local has no workgroup: the embedded warehouse is checked by its answer")
    client = deployed.stage.client("redshift-serverless")
    live = client.get_workgroup(workgroupName=deployed.stage.output("WorkgroupName"))["workgroup"]
    if live["status"] != "AVAILABLE":
        raise CheckFailedError(f"workgroup {live['workgroupName']} is {live['status']}", "wait until it is AVAILABLE")
    return f"workgroup {live['workgroupName']} is available, {live.get('baseCapacity')} RPU"


def _status(ask: Callable[..., dict[str, Any]], part: str = "", **parameters: Any) -> dict[str, Any]:
    """What AWS says of a part, or {"error": code}."""
    try:
        answer = ask(**parameters)
        return dict(answer[part]) if part else answer
    except AwsError as error:
        return {"error": _code(error)}


def _code(error: AwsError) -> str:
    return str(error.response["Error"].get("Code", "error"))


def _or_fail(problems: list[str], good: str, remedy: str) -> str:
    if problems:
        raise CheckFailedError(listed(problems), remedy)
    return good
