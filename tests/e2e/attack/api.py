"""What an attacker has: the API's address, keys of all kinds, and any bytes."""

from __future__ import annotations

import itertools
from typing import Any

import requests

from tests.e2e.stack import Stack
from tests.unit.fakes.rows import raw_row

_numbers = itertools.count(800_000)


def row(**changes: Any) -> dict[str, Any]:
    """A good row that no other test has sent, with some values changed."""
    return raw_row(next(_numbers), **changes)


def key_of(stack: Stack, output: str) -> str:
    """The value of one of the stage's API keys."""
    found = stack.client("apigateway").get_api_key(apiKey=stack.outputs[output], includeValue=True)
    return str(found["value"])


def call(stack: Stack, method: str, path: str, key: str | None, **more: Any) -> requests.Response:
    """One call. What is sent is not interpreted: paths go out as they are."""
    address = stack.url.removesuffix("/transactions") + path
    headers = ({"x-api-key": key} if key is not None else {}) | more.pop("headers", {})
    request = requests.Request(method, address, headers=headers, **more).prepare()
    request.url = address
    return requests.Session().send(request, timeout=30)


def post(stack: Stack, body: bytes, **headers: str) -> requests.Response:
    """Send bytes as the sender."""
    return call(stack, "POST", "/transactions", stack.api_key, data=body, headers=headers)
