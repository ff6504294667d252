"""POST /transactions: one transaction a request, one put_record each."""

import json
import os

import boto3

KINESIS = boto3.client("kinesis")


def handler(event, context):
    """Put the request's transaction on the stream."""
    row = json.loads(event["body"])
    KINESIS.put_record(StreamName=os.environ["STREAM_NAME"], Data=json.dumps(row), PartitionKey=row["cc_num"])
    return {"statusCode": 202, "body": json.dumps({"transaction_id": row["trans_num"]})}
