"""PartiQL's writes on the embedded AWS, as detect-fraud asks for them: conditions, permissions, indexes, units, stream.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.settings import ACCOUNT_ID, REGION
from local.tests.conformance.cloudwatch.test_services import total
from local.tests.conformance.emulator import Emulator
from shared.retry import Budget
from shared.sinks.conditional import ConditionalWriter, Put

NAME = "stated"
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{NAME}"
INSERT = f"INSERT INTO \"{NAME}\" VALUE {{'pk': ?, 'day': ?, 'n': ?}}"
UPDATE = f'UPDATE "{NAME}" SET "day" = ? WHERE "pk" = ? AND "n" = ?'


@pytest.fixture
def dynamodb(emulator: Emulator) -> Iterator[Any]:
    """A client, and a table with an index and a stream."""
    client = emulator.client("dynamodb")
    client.create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "day")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield client
    client.delete_table(TableName=NAME)


def insert(key: str, day: str = "monday", number: str = "1") -> dict[str, Any]:
    return {"Statement": INSERT, "Parameters": [{"S": key}, {"S": day}, {"N": number}]}


def update(key: str, day: str, number: str) -> dict[str, Any]:
    return {"Statement": UPDATE, "Parameters": [{"S": day}, {"S": key}, {"N": number}]}


def codes(answer: dict[str, Any]) -> list[str | None]:
    return [one.get("Error", {}).get("Code") for one in answer["Responses"]]


def days(dynamodb: Any, day: str) -> set[str]:
    """The keys that the index has under a day."""
    found = dynamodb.query(
        TableName=NAME,
        IndexName="by-day",
        KeyConditionExpression="#d = :d",
        ExpressionAttributeNames={"#d": "day"},
        ExpressionAttributeValues={":d": {"S": day}},
    )
    return {item["pk"]["S"] for item in found["Items"]}


def test_each_statement_ends_for_itself_and_the_index_follows(dynamodb: Any) -> None:
    first = dynamodb.batch_execute_statement(Statements=[insert("a"), insert("b", number="1.50"), insert("a", "never")])
    assert codes(first) == [None, None, "DuplicateItem"]
    wrong = {"Statement": "no statement", "Parameters": [{"S": "x"}]}
    second = dynamodb.batch_execute_statement(
        Statements=[update("a", "friday", "1.0"), update("b", "never", "2"), update("c", "never", "1"), wrong]
    )
    refused = "ConditionalCheckFailed"
    assert codes(second) == [None, refused, refused, "ValidationError"], "an UPDATE makes no item where there is none"
    assert (days(dynamodb, "monday"), days(dynamodb, "friday"), days(dynamodb, "never")) == ({"b"}, {"a"}, set())
    assert dynamodb.get_item(TableName=NAME, Key={"pk": {"S": "b"}})["Item"]["n"] == {"N": "1.5"}
    assert dynamodb.describe_table(TableName=NAME)["Table"]["ItemCount"] == 2


def test_an_item_that_put_item_would_refuse_is_refused(dynamodb: Any) -> None:
    wrong = [insert("", "monday"), insert("x", ""), insert("x", number="1e999")]
    wrong.append({"Statement": INSERT, "Parameters": [{"N": "1"}, {"S": "monday"}, {"N": "1"}]})
    assert set(codes(dynamodb.batch_execute_statement(Statements=wrong))) == {"ValidationError"}
    assert dynamodb.describe_table(TableName=NAME)["Table"]["ItemCount"] == 0


def test_more_than_25_statements_are_none(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.batch_execute_statement(Statements=[insert(str(number)) for number in range(26)])
    assert dynamodb.describe_table(TableName=NAME)["Table"]["ItemCount"] == 0


def test_the_tables_stream_holds_what_was_written_and_only_of_that(emulator: Emulator, dynamodb: Any) -> None:
    dynamodb.batch_execute_statement(Statements=[insert("a"), insert("a", "never")])
    dynamodb.batch_execute_statement(Statements=[update("a", "friday", "1"), update("a", "never", "7")])
    streams = emulator.client("dynamodbstreams")
    arn = dynamodb.describe_table(TableName=NAME)["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    cursor = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=cursor["ShardIterator"])["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY"]
    assert records[1]["dynamodb"]["OldImage"]["day"] == {"S": "monday"}
    assert records[1]["dynamodb"]["NewImage"]["day"] == {"S": "friday"}


def test_a_statement_takes_the_units_of_a_put_and_a_refused_one_those_of_the_item_there(
    emulator: Emulator, dynamodb: Any
) -> None:
    def units(*statements: dict[str, Any]) -> float:
        answer = dynamodb.batch_execute_statement(Statements=list(statements), ReturnConsumedCapacity="TOTAL")
        (consumed,) = answer["ConsumedCapacity"]
        return float(consumed["CapacityUnits"])

    def counted(metric: str) -> float:
        return total(emulator, "AWS/DynamoDB", metric, TableName=NAME) or 0

    before = counted("ConsumedWriteCapacityUnits"), counted("ConditionalCheckFailedRequests")
    # Each in the table and in its index; a change of the index's key is an entry less and one more.
    assert units(insert("a"), insert("b", day="d" * 1500)) == 2 * (1 + 2)
    assert units(insert("b")) == 2, "two kilobytes are there"
    assert units(update("a", "friday", "1"), update("a", "friday", "7"), update("c", "friday", "1")) == (1 + 2) + 1 + 1
    assert counted("ConsumedWriteCapacityUnits") - before[0] == 6 + 2 + 5
    assert counted("ConditionalCheckFailedRequests") - before[1] == 3


def test_each_statement_needs_its_own_permission_on_its_own_table(emulator: Emulator, dynamodb: Any) -> None:
    role = emulator.role("stating", "lambda")
    emulator.grant(role, "insert", ["dynamodb:PartiQLInsert"], ARN)
    emulator.grant(role, "elsewhere", ["dynamodb:PartiQLUpdate"], f"{ARN}-not")
    emulator.grant(role, "names", ["dynamodb:BatchExecuteStatement", "dynamodb:PutItem", "dynamodb:UpdateItem"], "*")
    code = """
        import boto3
        from botocore.exceptions import ClientError
        dynamodb = boto3.client("dynamodb")

        def handler(statements, context):
            try:
                answer = dynamodb.batch_execute_statement(Statements=statements)
            except ClientError as error:
                return [error.response["Error"]["Code"]]
            return [one.get("Error", {}).get("Code", "done") for one in answer["Responses"]]
        """
    emulator.function("stating", role, code)

    def ended(*statements: dict[str, Any]) -> Any:
        answer = emulator.client("lambda").invoke(FunctionName="stating", Payload=json.dumps(statements))
        return json.load(answer["Payload"])

    assert ended(insert("a"), insert("b")) == ["done", "done"]
    assert ended(insert("c"), update("a", "friday", "1")) == ["AccessDeniedException"]
    emulator.grant(role, "update", ["dynamodb:PartiQLUpdate"], ARN)
    assert ended(insert("c"), update("a", "friday", "1")) == ["done", "done"]


def test_the_writer_puts_each_item_on_its_own_condition_and_bytes_stay_bytes(dynamodb: Any) -> None:
    writer = ConditionalWriter(dynamodb, NAME)
    profile = bytes(range(256))

    def put(number: int, before: str | None) -> Put:
        item = {"pk": {"S": f"{number}'\"?"}, "n": {"N": str(number)}, "data": {"B": profile}, "l": {"L": [{"S": "x"}]}}
        return Put(item, "pk", ("n", {"N": before}) if before else None)

    first = writer.write([put(number, None) for number in range(60)], Budget(10))
    assert (first.refused, first.unstored, first.retried) == ([], [], 0)
    again = [put(7, None), put(8, "8"), put(9, "1"), put(99, "1"), put(100, None)]
    assert writer.write(again, Budget(10)).refused == [again[0], again[2], again[3]]
    items = dynamodb.scan(TableName=NAME)["Items"]
    assert len(items) == 61
    assert {item["data"]["B"] for item in items} == {profile}
