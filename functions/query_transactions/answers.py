"""The answers of the reading API: their bodies are JSON already; and their place in the API description."""

from __future__ import annotations

from typing import Any

import orjson
from aws_lambda_powertools.event_handler import Response

from functions.query_transactions.models import Problem


def answer(status: int, body: dict[str, Any], **headers: str) -> Response[str]:
    """Give a response whose body is JSON already: Powertools' own encoder takes 30 ms for a page of 1,000."""
    return Response(status, "application/json", orjson.dumps(body).decode(), headers=dict(headers))


def ok(body: dict[str, Any]) -> Response[str]:
    """Give what was asked for."""
    return answer(200, body)


_REFUSALS = {
    400: "Invalid request; errors lists each field with its reason.",
    403: "Missing or unknown API key, or a key without this permission.",
    404: "Not found.",
    405: "The path has other methods: Allow names them.",
    409: "What is stored does not allow it; message says why.",
    413: "The body is over 5 MB.",
    415: "Unsupported Content-Type or Content-Encoding.",
    429: "Over the plan's rate or quota.",
    500: "Internal error; request_id identifies it in the logs.",
    503: "A store is unavailable; retry after Retry-After seconds.",
}


def about(summary: str, model: Any, *more: int) -> dict[str, Any]:
    """Give a call's part of the description: its answer and its refusals."""
    refusals = {
        status: {"description": _REFUSALS[status], "content": {"application/json": {"model": Problem}}}
        for status in sorted({400, 403, 429, 500, 503, *more})
    }
    found = {200: {"description": summary, "content": {"application/json": {"model": model}}}}
    return {"summary": summary, "responses": found | refusals}
