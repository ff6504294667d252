"""Invokes a mapped function and says what the answer means for the batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from local.clients import Clients, error_code
from local.event_sources.response import Failed, NotInvoked, Outcome, interpret
from local.kinesis_reader import Record

log = logging.getLogger(__name__)

# The request reached Lambda and the payload is at fault: trying again gives the same, so it uses up an attempt.
_PAYLOAD_ERRORS = frozenset(
    {"RequestTooLargeException", "InvalidRequestContentException", "UnsupportedMediaTypeException"}
)


def invoke(
    clients: Clients, function_arn: str, payload: bytes, records: Sequence[Record], partial_response: bool
) -> Outcome:
    """Invoke synchronously. As on AWS, that takes no permission of the function's role."""
    try:
        answer = clients.root("lambda").invoke(
            FunctionName=function_arn, InvocationType="RequestResponse", Payload=payload
        )
        body: bytes = answer["Payload"].read()
    except ClientError as error:
        code = error_code(error)
        return Failed(code) if code in _PAYLOAD_ERRORS else NotInvoked(f"{code}: {error}")
    except (BotoCoreError, HTTPClientError) as error:
        return NotInvoked(f"{type(error).__name__}: {error}")
    if answer.get("FunctionError"):
        return Failed(_message(body), function_error=answer["FunctionError"])
    return interpret(body, records, partial_response)


def _message(body: bytes) -> str:
    """The error type and message of a failed invocation, shortened: a log line must stay one."""
    try:
        error = json.loads(body)
    except ValueError:
        return "unreadable error"
    if not isinstance(error, dict):
        return "unreadable error"
    return f"{error.get('errorType')}: {str(error.get('errorMessage'))[:200]}"
