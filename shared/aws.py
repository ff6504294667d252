"""AWS clients, made once per container with explicit timeouts and retries, and which of their errors are transient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
)

# Codes that say "not now" with a status of 400. Expired credentials are among them: Lambda's own are renewed with the
# next container, and nothing is wrong with the data.
_TRANSIENT_CODES = frozenset(
    {
        "ActiveSessionsExceededException",
        "ActiveStatementsExceededException",
        "DatabaseConnectionException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestExpired",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENT_ERRORS = (
    HTTPClientError,  # timeouts, resets, TLS
    ConnectionError,
    CredentialRetrievalError,
    NoCredentialsError,
)


@cache
def client(
    service: str, *, read_timeout: float = 5, attempts: int = 3, connections: int = 10, validate: bool = True
) -> Any:
    """Make or give the container's client of a service. Timeouts in seconds; ``attempts`` counts the first one.

    One attempt where the caller has its own retry of the failed part: two loops inside each other multiply.
    ``validate=False`` leaves out botocore's check of the parameters, for bulk calls whose shape is tested.
    """
    # boto3 takes longer to import than all the rest, and half of the modules that ask about errors need no client.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=1.5,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=connections,
        parameter_validation=validate,
        tcp_keepalive=True,
        user_agent_extra="swipeline",
    )
    return boto3.client(service, config=config)


def pages(operation: Callable[..., dict[str, Any]], **parameters: Any) -> Iterator[dict[str, Any]]:
    """Give the answers of a Query or Scan of DynamoDB, page by page."""
    start: dict[str, Any] = {}
    while True:
        answer = operation(**parameters, **start)
        yield answer
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed later, with nothing changed but time."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or error_code(error) in _TRANSIENT_CODES
    # An answer that is not AWS's: something between broke it. Imported here, for the parsers alone take as long as a
    # whole function, and code that has seen their error has loaded them.
    from botocore.parsers import ResponseParserError

    return isinstance(error, (*_TRANSIENT_ERRORS, ResponseParserError))


def error_code(error: BaseException) -> str:
    """Give AWS's code of an error, or its class: what may be logged of it. Messages can quote the data."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code") or "Unknown")
    return type(error).__name__


def failed(operation: str, code: str) -> ClientError:
    """Give the error of a part of a call. AWS's message, which may quote the data, is left out."""
    return ClientError({"Error": {"Code": code, "Message": "a part of the call failed"}}, operation)


def read_items_plainly(dynamodb: Any) -> Any:
    """Let a DynamoDB client give the items of a Query as the JSON has them, and give the client.

    botocore walks every value of an answer by its model: 54 ms of CPU for 1,000 transactions, where reading the JSON
    takes 4. The items are taken out of the body before it does. They are the same but for binary values, which stay
    base64: only for tables that have none. The event is botocore's own, before-parse; without it, all is as ever.
    """
    dynamodb.meta.events.register("before-parse.dynamodb.Query", _take_items, unique_id="plain-items")
    return dynamodb


def _take_items(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    import orjson

    if response_dict["status_code"] != 200:
        return
    body = orjson.loads(response_dict["body"])
    customized_response_dict["Items"] = body.pop("Items", [])
    response_dict["body"] = orjson.dumps(body)
