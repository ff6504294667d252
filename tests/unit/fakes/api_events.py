"""Requests of the reading API as API Gateway proxies them."""

from __future__ import annotations

import json
from typing import Any

READER = "reader-1"
REVIEWER = "reviewer-1"


def read_event(
    path: str, method: str = "GET", key: str | None = READER, body: Any = None, **query: str
) -> dict[str, Any]:
    """A request with a key's id and a query string (``from_`` for from); a body that is no text is sent as JSON."""
    given = {name.rstrip("_"): value for name, value in query.items()}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json"} if body is not None else {},
        "queryStringParameters": given or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in given.items()} or None,
        "pathParameters": None,
        "requestContext": {"requestId": "request-1", "stage": "test", "identity": {"apiKeyId": key}},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
