"""Tables in memory behind a real boto3 client: requests are signed, answers parsed; only the network is left out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import orjson
from botocore.awsrequest import AWSResponse

Call = Callable[..., dict[str, Any] | bytes]


class RawBody(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, amt: int = 65_536, decode_content: bool | None = None) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


def wire_client(calls: dict[str, Call]) -> Any:
    """Give a DynamoDB client whose operations (Query, GetItem) are answered by functions of the parameters.

    They give the answer, or its JSON.
    """
    client = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )

    def answer(request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"]
        name = (operation.decode() if isinstance(operation, bytes) else operation).partition(".")[2]
        given = calls[name](**json.loads(request.body))
        body = given if isinstance(given, bytes) else orjson.dumps(given)
        headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "test"}
        return AWSResponse(request.url, 200, headers, RawBody(body))  # type: ignore[arg-type]  # as moto does

    client.meta.events.register("before-send.dynamodb", answer)
    return client
