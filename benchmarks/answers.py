"""AWS's answers without AWS: boto3 serializes, signs and parses as usual, only the socket is left out.

What an answer holds follows from the request, so that the caller's own checks pass. The time spent in here is counted
apart, and so is each call: operation, and bytes of its body.
"""

from __future__ import annotations

import json
from collections import Counter
from time import thread_time
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

_PUBLISHED = b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"
_OTHER = {"PUT s3": b"", "POST sns": _PUBLISHED}  # the services that speak no JSON


class _Raw:
    """A body that has been received already."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        yield self._content

    def read(self, *_: Any, **__: Any) -> bytes:
        content, self._content = self._content, b""
        return content


class Answers:
    """Stands before the sockets of boto3's default session: install it before any client is made."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.calls: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.seconds = 0.0

    def install(self) -> None:
        """Make clients of a session of their own, whose requests go no further than here."""
        boto3.setup_default_session(
            region_name="us-east-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )
        boto3.DEFAULT_SESSION.events.register("before-send", self.answer)

    def clear(self) -> None:
        """Reset the counters."""
        self.calls.clear()
        self.bytes.clear()
        self.seconds = 0.0

    def answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Answer one request; called by botocore in the caller's thread."""
        began = thread_time()
        target = request.headers.get("X-Amz-Target", b"")
        target = target.decode() if isinstance(target, bytes) else target
        service = "sns" if "://sns." in request.url else "s3"
        operation = target.rpartition(".")[2] or f"{request.method} {service}"
        body = request.body or b""
        size = len(body) if isinstance(body, bytes | str) else int(request.headers.get("Content-Length", 0))
        self.calls[operation] += 1
        self.bytes[operation] += size
        content = _OTHER.get(operation) if not target else json.dumps(self._content(operation, body)).encode()
        if content is None:
            raise ValueError(f"no answer is known to {operation} of {request.url}")
        response = AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.1"}, _Raw(content))
        self.seconds += thread_time() - began
        return response

    def _content(self, operation: str, body: Any) -> dict[str, Any]:
        if operation == "PutRecords":
            stored = {"SequenceNumber": "4" * 56, "ShardId": "shardId-000000000000"}
            return {"FailedRecordCount": 0, "Records": [stored] * len(json.loads(body)["Records"])}
        if operation == "BatchWriteItem":
            return {"UnprocessedItems": {}}
        if operation == "BatchExecuteStatement":
            return {"Responses": [{"TableName": "table"}] * len(json.loads(body)["Statements"])}
        if operation == "BatchGetItem":
            return {"Responses": {table: [] for table in json.loads(body)["RequestItems"]}, "UnprocessedKeys": {}}
        if operation == "GetSecretValue":
            return {"SecretString": self.secret, "Name": "card-key"}
        return {}
