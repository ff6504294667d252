"""Takes a note by the API, puts it on a stream, and keeps it in a table."""

import base64
import json
import os
from typing import Any

import boto3


def add(event: dict[str, Any], _: object) -> dict[str, Any]:
    """POST /notes: {"id": ..., "text": ...}."""
    note = json.loads(event["body"])
    boto3.client("kinesis").put_record(StreamName=os.environ["STREAM"], Data=json.dumps(note), PartitionKey=note["id"])
    return {"statusCode": 202, "body": json.dumps({"id": note["id"]})}


def keep(event: dict[str, Any], _: object) -> None:
    """Put each note into the table."""
    for record in event["Records"]:
        note = json.loads(base64.b64decode(record["kinesis"]["data"]))
        item = {"id": {"S": note["id"]}, "text": {"S": note["text"]}}
        boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item=item)
