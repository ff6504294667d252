"""The stream to S3: one object per batch."""

import base64
import os

import boto3

S3 = boto3.client("s3")


def handler(event, context):
    """Put the batch's lines as one object."""
    lines = [base64.b64decode(record["kinesis"]["data"]) for record in event["Records"]]
    key = f"transactions/{event['Records'][0]['kinesis']['sequenceNumber']}.ndjson"
    S3.put_object(Bucket=os.environ["LAKE_BUCKET"], Key=key, Body=b"\n".join(lines) + b"\n")
