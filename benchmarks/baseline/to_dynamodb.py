"""The stream to DynamoDB: one put_item per record."""

import base64
import json
import os

import boto3

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event, context):
    """Put each transaction."""
    for record in event["Records"]:
        row = json.loads(base64.b64decode(record["kinesis"]["data"]))
        item = row | {"card": row["cc_num"], "time_id": f"{row['trans_date_trans_time']}#{row['trans_num']}"}
        TABLE.put_item(Item=item)
