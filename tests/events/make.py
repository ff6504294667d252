"""Makes the sample events for `sls invoke local`, with the real codec: `python -m tests.events.make`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from shared.card_keys.ring import CardKeys
from shared.stream.records import build_records
from shared.transaction.model import parse_transaction

HERE = Path(__file__).resolve().parent
# Cards and customers of these rows do not exist. The consumers' events carry ids under this key, not a stage's.
SAMPLE_KEYS = CardKeys.of(b"sample-key-for-events-that-no-stage-has-in-its-Secrets-Manager!!")
ACCOUNT = "000000000000"
STREAM_ARN = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/swipeline-local-transactions"
SHARD = "shardId-000000000000"
FIRST_SEQUENCE_NUMBER = 49656438122457239164816712345678901234567890123456789010
ARRIVED = 1592741665.25

COMMON = {
    "first": "Ada",
    "last": "Sample",
    "gender": "F",
    "street": "1 Example Street",
    "city": "Springfield",
    "state": "OR",
    "zip": "97477",
    "lat": 44.0462,
    "long": -122.9827,
    "city_pop": 61851,
    "job": "Bridge engineer",
    "dob": "1979-02-28",
}
ROWS: list[dict[str, Any]] = [
    {
        "trans_date_trans_time": "2020-06-21 12:14:25",
        "cc_num": "4000000000000002",
        "merchant": "fraud_Oak & Sons Hardware",
        "category": "home",
        "amt": 2.86,
        **COMMON,
        "trans_num": "00000000000000000000000000000001",
        "merch_lat": 44.112233,
        "merch_long": -123.200714,
        "is_fraud": 0,
    },
    {
        "trans_date_trans_time": "2020-06-21T12:14:33Z",
        "cc_num": "5000-0000-0000-0009",
        "merchant": "Corner Café",
        "category": "food_dining",
        "amt": 29.84,
        **COMMON,
        "trans_num": "00000000000000000000000000000002",
        "merch_lat": 44.05,
        "merch_long": -122.95,
    },
]
BAD_ROW = ROWS[0] | {"amt": -1, "trans_num": "00000000000000000000000000000003"}


def api_event() -> dict[str, Any]:
    """A POST of two valid transactions and one with a negative amount, without a key: invoked directly."""
    return {
        "resource": "/transactions",
        "path": "/transactions",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "accountId": ACCOUNT,
            "stage": "local",
            "httpMethod": "POST",
            "resourcePath": "/transactions",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": json.dumps([*ROWS, BAD_ROW], ensure_ascii=False),
        "isBase64Encoded": False,
    }


def kinesis_event() -> dict[str, Any]:
    """The two valid transactions as Lambda's event source mapping hands them over."""
    transactions = [parse_transaction(row, SAMPLE_KEYS) for row in ROWS]
    records = [record for partition in build_records(enumerate(transactions)) for record in partition]
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key,
                    "sequenceNumber": str(FIRST_SEQUENCE_NUMBER + index),
                    "data": base64.b64encode(record.data).decode("ascii"),
                    "approximateArrivalTimestamp": ARRIVED,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{SHARD}:{FIRST_SEQUENCE_NUMBER + index}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/swipeline-local-consumer",
                "awsRegion": "us-east-1",
                "eventSourceARN": STREAM_ARN,
            }
            for index, record in enumerate(records)
        ]
    }


def query_event() -> dict[str, Any]:
    """A GET of the first sample's card, by a key that no stage has: `-e READER_API_KEY_ID=sample-reader` makes it one.

    After the sample event of write-to-dynamodb its transactions are there.
    """
    asked = {"card_id": parse_transaction(ROWS[0], SAMPLE_KEYS).card_id, "limit": "10"}
    return api_event() | {
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": asked,
        "multiValueQueryStringParameters": {name: [value] for name, value in asked.items()},
        "requestContext": api_event()["requestContext"]
        | {"httpMethod": "GET", "identity": {"apiKeyId": "sample-reader", "sourceIp": "127.0.0.1"}},
        "body": None,
    }


def schedule_event() -> dict[str, Any]:
    """What EventBridge's schedule sends to merge-warehouse and measure-fraud, of which nothing is read."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2020-06-21T12:15:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/swipeline-local-merge-warehouse"],
        "detail": {},
    }


def all_events() -> dict[str, str]:
    """Give the text of every sample event by its file name."""
    events = {
        "write-to-kinesis.json": api_event(),
        "write-to-dynamodb.json": kinesis_event(),
        "write-to-s3.json": kinesis_event(),
        "detect-fraud.json": kinesis_event(),
        "query-transactions.json": query_event(),
        "measure-fraud.json": schedule_event(),
        "merge-warehouse.json": schedule_event(),
        "migrate-warehouse.json": {},
        "rotate-card-key.json": {"token": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa"},
    }
    return {name: json.dumps(event, indent=2, ensure_ascii=False) + "\n" for name, event in events.items()}


if __name__ == "__main__":
    for name, text in all_events().items():
        (HERE / name).write_text(text, encoding="utf-8")
