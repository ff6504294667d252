"""Metrics of AWS's services in CloudWatch, on the embedded AWS: counted, not invented."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloudwatch.faults import FAULTS_PATH
from local.control import call
from local.tests.conformance.cloudwatch.test_metrics import at
from local.tests.conformance.emulator import Emulator, wait_until

CODE = """
import time

def handler(event, context):
    time.sleep(0.02)
    if event.get("fail"):
        raise RuntimeError("as asked")
    return {"statusCode": event.get("status", 200), "body": "{}"}
"""


def total(emulator: Emulator, namespace: str, name: str, stat: str = "Sum", **dimensions: str) -> float | None:
    """A statistic over the last five minutes, or None when nothing was published."""
    answer = emulator.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=at(time.time() - 300),
        EndTime=at(time.time() + 60),
        Period=3600,
        Statistics=[stat],
    )
    points = [point[stat] for point in answer["Datapoints"]]
    return sum(points) if points else None


@pytest.fixture(scope="module")
def function(emulator: Emulator) -> str:
    emulator.function("watched", emulator.role("watched", "lambda"), CODE)
    return "watched"


@pytest.fixture
def faults(emulator: Emulator) -> Iterator[Any]:
    def post(body: dict[str, Any]) -> None:
        assert call(emulator.settings, "POST", FAULTS_PATH, body)[0] == 200

    yield post
    post({})


def test_lambda_counts_invocations_errors_durations_and_throttles(emulator: Emulator, function: str) -> None:
    client = emulator.client("lambda")
    for event in ({}, {"fail": True}, {}):
        client.invoke(FunctionName=function, Payload=json.dumps(event))
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError):
        client.invoke(FunctionName=function, Payload=b"{}")
    client.delete_function_concurrency(FunctionName=function)
    counts = {
        name: total(emulator, "AWS/Lambda", name, FunctionName=function)
        for name in ("Invocations", "Errors", "Throttles")
    }
    assert counts == {"Invocations": 3, "Errors": 1, "Throttles": 1}
    shortest = total(emulator, "AWS/Lambda", "Duration", "Minimum", FunctionName=function)
    assert shortest is not None
    assert shortest >= 20
    assert total(emulator, "AWS/Lambda", "ConcurrentExecutions", "Maximum", FunctionName=function) == 1


def test_an_invocations_log_is_whole_however_late_its_lines_come(emulator: Emulator) -> None:
    code = """
        import os, sys, time

        def handler(event, context):
            print("first")
            time.sleep(0.1)
            print("last", event["number"])
    """
    emulator.function("talks", emulator.role("talks", "lambda"), code)
    for number in range(20):
        emulator.client("lambda").invoke(FunctionName="talks", Payload=json.dumps({"number": number}))
    pages = emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/talks")
    streams: dict[str, list[str]] = {}
    for event in (event for page in pages for event in page["events"]):
        streams.setdefault(event["logStreamName"], []).append(event["message"])
    assert all(
        [m.split()[0] for m in lines] == ["START", "first", "last", "END", "REPORT"] for lines in streams.values()
    )
    assert {line for lines in streams.values() for line in lines if line.startswith("last")} == {
        f"last {number}" for number in range(20)
    }


def test_api_gateway_counts_answers_by_kind(emulator: Emulator, function: str) -> None:
    api, client = emulator.client("apigateway"), emulator.client("lambda")
    api_id = api.create_rest_api(name="watched-api")["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    arn = client.get_function_configuration(FunctionName=function)["FunctionArn"]
    client.add_permission(
        FunctionName=function, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    api.put_method(restApiId=api_id, resourceId=root, httpMethod="GET", authorizationType="NONE")
    api.put_integration(
        restApiId=api_id,
        resourceId=root,
        httpMethod="GET",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    api.create_deployment(restApiId=api_id, stageName="s")
    connection = http.client.HTTPConnection("127.0.0.1", emulator.settings.port)
    statuses = []
    for method in ("GET", "GET", "DELETE"):
        connection.request(method, f"/restapis/{api_id}/s/_user_request_/")
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    assert statuses == [200, 200, 403]
    names = {"ApiName": "watched-api", "Stage": "s"}
    found = {name: total(emulator, "AWS/ApiGateway", name, **names) for name in ("Count", "4XXError", "5XXError")}
    assert found == {"Count": 3, "4XXError": 1, "5XXError": 0}
    inside = total(emulator, "AWS/ApiGateway", "IntegrationLatency", "Minimum", **names)
    outside = total(emulator, "AWS/ApiGateway", "Latency", "Maximum", **names)
    assert inside is not None
    assert outside is not None
    assert 20 <= inside <= outside
    assert total(emulator, "AWS/ApiGateway", "IntegrationLatency", "SampleCount", **names) == 2


def test_kinesis_counts_what_comes_in_what_is_read_and_what_is_refused(emulator: Emulator, faults: Any) -> None:
    arn = emulator.stream("watched-stream")
    client = emulator.client("kinesis")
    emulator.put(arn, b"x" * 90, b"y" * 30)
    shard = client.list_shards(StreamARN=arn)["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(StreamARN=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    client.get_records(StreamARN=arn, ShardIterator=iterator)
    faults({"service": "kinesis", "operation": "PutRecords", "code": "ProvisionedThroughputExceededException"})
    with pytest.raises(ClientError):
        client.put_records(StreamARN=arn, Records=[{"Data": b"z", "PartitionKey": "k"}])
    name = {"StreamName": "watched-stream"}
    assert total(emulator, "AWS/Kinesis", "IncomingRecords", **name) == 2
    assert total(emulator, "AWS/Kinesis", "IncomingBytes", **name) == 120
    assert total(emulator, "AWS/Kinesis", "GetRecords.Records", **name) == 2
    assert total(emulator, "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "Maximum", **name) == 0
    refused = total(emulator, "AWS/Kinesis", "WriteProvisionedThroughputExceeded", **name)
    assert refused is not None
    assert refused >= 1


def test_dynamodb_counts_capacity_latency_and_throttles(emulator: Emulator, faults: Any) -> None:
    client = emulator.client("dynamodb")
    client.create_table(
        TableName="watched-table",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    puts = [{"PutRequest": {"Item": {"k": {"S": str(i)}, "v": {"S": "v" * 1500}}}} for i in range(3)]
    answer = client.batch_write_item(RequestItems={"watched-table": puts})
    assert "ConsumedCapacity" not in answer
    client.get_item(TableName="watched-table", Key={"k": {"S": "1"}})
    faults({"service": "dynamodb", "operation": "PutItem", "code": "ProvisionedThroughputExceededException"})
    with pytest.raises(ClientError):
        client.put_item(TableName="watched-table", Item={"k": {"S": "9"}})
    name = {"TableName": "watched-table"}
    assert total(emulator, "AWS/DynamoDB", "ConsumedWriteCapacityUnits", **name) == 6
    assert total(emulator, "AWS/DynamoDB", "ConsumedReadCapacityUnits", **name) == 0.5
    throttled = total(emulator, "AWS/DynamoDB", "ThrottledRequests", Operation="PutItem", **name)
    assert throttled is not None
    assert throttled >= 1
    assert total(emulator, "AWS/DynamoDB", "SuccessfulRequestLatency", "SampleCount", Operation="GetItem", **name) == 1


def test_a_queues_length_is_looked_at(emulator: Emulator) -> None:
    queue = emulator.client("sqs").create_queue(QueueName="watched-queue")["QueueUrl"]
    for body in ("a", "b"):
        emulator.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    name = {"QueueName": "watched-queue"}
    wait_until(
        lambda: total(emulator, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", **name) == 2, "two messages"
    )


def test_rules_topics_and_state_machines_count_what_they_start(emulator: Emulator) -> None:
    events, states = emulator.client("events"), emulator.client("stepfunctions")
    definition = {"StartAt": "no", "States": {"no": {"Type": "Fail", "Error": "E", "Cause": "as asked"}}}
    machine = states.create_state_machine(
        name="watched", definition=json.dumps(definition), roleArn=emulator.role("watched-states", "states")
    )["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    wait_until(lambda: states.describe_execution(executionArn=execution)["status"] == "FAILED", "the execution fails")
    assert total(emulator, "AWS/States", "ExecutionsStarted", StateMachineArn=machine) == 1
    assert total(emulator, "AWS/States", "ExecutionsFailed", StateMachineArn=machine) == 1
    assert total(emulator, "AWS/States", "ExecutionsSucceeded", StateMachineArn=machine) == 0
    topic = emulator.client("sns").create_topic(Name="watched-topic")["TopicArn"]
    emulator.client("sns").publish(TopicArn=topic, Message="m")
    assert total(emulator, "AWS/SNS", "NumberOfMessagesPublished", TopicName="watched-topic") == 1
    events.put_rule(Name="watched-rule", EventPattern=json.dumps({"source": ["test"]}))
    events.put_targets(
        Rule="watched-rule", Targets=[{"Id": "gone", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:gone"}]
    )
    events.put_events(Entries=[{"Source": "test", "DetailType": "t", "Detail": "{}"}])
    assert total(emulator, "AWS/Events", "Invocations", RuleName="watched-rule") == 1
    assert total(emulator, "AWS/Events", "FailedInvocations", RuleName="watched-rule") == 1
