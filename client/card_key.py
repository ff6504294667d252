"""Adds a card key to a stage's ring: the function `rotate-card-key` makes it, and alone may store it."""

from __future__ import annotations

import json
from typing import Any

from client.aws import SERVICE, Stage
from client.errors import ClientError


def rotate(where: Stage, event: dict[str, Any]) -> dict[str, Any]:
    """Call the function; a call that got no answer may be repeated by boto3: the token makes it one rotation.

    Gives {key_id, keys, since}. Raises ClientError when the function failed.
    """
    answer = where.client("lambda").invoke(
        FunctionName=f"{SERVICE}-{where.name}-rotate-card-key", Payload=json.dumps(event).encode()
    )
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ClientError(f"The card key was not rotated: {payload.get('errorMessage', payload)}.")
    return payload
