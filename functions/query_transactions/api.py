"""One request of the reading API: who asks, what may be asked, and the answer, whatever goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from functions.query_transactions.alert_service import AlertQueries
from functions.query_transactions.answers import answer
from functions.query_transactions.corrections import Corrections
from functions.query_transactions.refusal import RefusalError
from functions.query_transactions.routes import METHODS, make_app
from functions.query_transactions.service import Counts, Queries
from shared.http.body import BodyError, header, once_each, read_bytes
from shared.http.callers import ASSIGNMENT, CORRECTION, VERDICT, Callers
from shared.telemetry import describe, logger, metrics

PARAMETERS = {
    "/transactions": frozenset({"card_id", "merchant", "from", "to", "limit", "order", "cursor"}),
    "/merchants": frozenset({"prefix", "limit", "cursor"}),
    "/alerts": frozenset({"card_id", "status", "from", "to", "limit", "cursor"}),
}
# What the reviewers' key alone may do.
_RESERVED = {VERDICT: "give verdicts", ASSIGNMENT: "assign alerts", CORRECTION: "correct transactions"}
_JSON = "application/json"
_PATHS = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"\Z"), path) for path in METHODS]


class Api:
    """query-transactions behind API Gateway (REST, payload version 1)."""

    def __init__(self, queries: Queries, alerts: AlertQueries, corrections: Corrections, callers: Callers) -> None:
        self._queries, self._alerts, self._corrections, self._callers = queries, alerts, corrections, callers
        self._request_id = ""
        self.app = make_app(queries, alerts, corrections, lambda: self._request_id)

    def respond(self, event: Mapping[str, Any], request_id: str, context: Any) -> tuple[dict[str, Any], Counts]:
        """Give API Gateway's proxy response, and what was read for it. Never raises: a fault is a logged 500."""
        self._request_id = request_id
        for part in (self._queries, self._alerts, self._corrections):
            part.counts = Counts()
        try:
            self._check(event)
            response = self.app.resolve(_with_plain_body(event), context)
            return response, self._queries.counts.plus(self._alerts.counts).plus(self._corrections.counts)
        except RefusalError as error:
            allow = {"Allow": ", ".join(_methods(event))} if error.status == 405 else {}
            return _proxy(answer(error.status, error.body(request_id), **allow)), Counts()
        except Exception as error:  # noqa: BLE001
            # API Gateway would turn a raised error into a 502 that names no request; the alarm watches this count.
            metrics.add_metric(name="InternalErrors", unit="Count", value=1)
            logger.error("unexpected error", extra=describe(error))
            body = {"message": "an internal error; request_id finds it in the logs", "request_id": request_id}
            return _proxy(answer(500, body)), Counts()

    def _check(self, event: Mapping[str, Any]) -> None:
        if self._callers.named(event) is None:
            raise RefusalError(403, "this key may not read")
        path, methods = _path(event), _methods(event)
        if path in _RESERVED and not self._callers.may(event, "POST", path):
            raise RefusalError(403, f"this key may not {_RESERVED[path]}")
        if path is None:
            raise RefusalError(404, "there is no such path")
        if event["httpMethod"] not in methods:
            raise RefusalError(405, f"this path has {' and '.join(methods)}")
        if not self._callers.may(event, event["httpMethod"], path):
            raise RefusalError(403, "this key may not make this call")
        given = event.get("multiValueQueryStringParameters") or {
            name: [value] for name, value in (event.get("queryStringParameters") or {}).items()
        }
        known = PARAMETERS.get(event["path"], frozenset())
        errors = [(name, "is no parameter of this call") for name in given if name not in known]
        errors += [(name, "is given more than once") for name, values in given.items() if len(values) > 1]
        if errors:
            raise RefusalError(400, "the query string has an unknown or duplicate parameter", errors)


def _path(event: Mapping[str, Any]) -> str | None:
    return next((path for pattern, path in _PATHS if pattern.match(event["path"])), None)


def _methods(event: Mapping[str, Any]) -> tuple[str, ...]:
    return METHODS.get(_path(event) or "", ())


def _with_plain_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """Undo what API Gateway and the sender applied to the body, so that the resolver meets JSON in UTF-8."""
    if event["httpMethod"] != "POST":
        return dict(event) | {"body": None, "isBase64Encoded": False}
    if (header(event, "content-type") or _JSON).partition(";")[0].strip().lower() != _JSON:
        raise RefusalError(415, "the body must be application/json")
    try:
        data = read_bytes(event)
    except BodyError as error:
        raise RefusalError(error.status, error.message, [("body", error.message)]) from None
    try:
        body = data.decode("utf-8-sig")
        json.loads(body, object_pairs_hook=once_each)
    except BodyError as error:
        raise RefusalError(400, error.message, [("body", error.message)]) from None
    except (ValueError, RecursionError):
        raise RefusalError(400, "the body is not JSON in UTF-8", [("body", "is not JSON in UTF-8")]) from None
    headers = {"Content-Type": _JSON}  # of a request whose body has been read, nothing else matters
    return dict(event) | {"body": body, "isBase64Encoded": False, "headers": headers, "multiValueHeaders": None}


def _proxy(response: Any) -> dict[str, Any]:
    headers = {"Content-Type": response.content_type, **response.headers}
    return {
        "statusCode": response.status_code,
        "headers": {name: value if isinstance(value, str) else value[0] for name, value in headers.items()},
        "body": response.body,
        "isBase64Encoded": False,
    }
