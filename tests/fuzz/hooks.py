"""What Schemathesis must know of the API that OpenAPI 3.1 cannot say: loaded by SCHEMATHESIS_HOOKS.

- GET /transactions takes exactly one of card_id and merchant, POST /transactions rows that mean something.
- A cursor is good only if this very query issued it, so a made-up one is wrong though its form is right.
- An Idempotency-Key belongs to one body.
- Readers, senders and reviewers have a key each.
- Half of the calls on one alert are about one that is there: a made-up id is a 404.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

import schemathesis

from tests.unit.fakes.rows import raw_row

READ_KEY, SEND_KEY, REVIEW_KEY = (os.environ[f"SWIPELINE_{name}_KEY"] for name in ("READ", "SEND", "REVIEW"))
KNOWN_CARD, KNOWN_MERCHANT = (os.environ[f"SWIPELINE_KNOWN_{name}"] for name in ("CARD", "MERCHANT"))
KNOWN_ALERTS = os.environ["SWIPELINE_KNOWN_ALERTS"].split(",")


@schemathesis.auth(refresh_interval=None)  # the key depends on the call: none is kept
class Keys:
    """The key of the caller."""

    def get(self, case: Any, context: Any) -> str:
        if case.path.startswith("/alerts/{alert_id}/"):
            return REVIEW_KEY
        return SEND_KEY if (case.method, case.path) == ("POST", "/transactions") else READ_KEY

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "x-api-key": data}


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """Complete a case that is meant to be right; one that is meant to be wrong is left as it is."""
    if not is_positive(case):
        return case
    query = case.query or {}
    if isinstance(query, dict):
        query.pop("cursor", None)
        if case.path == "/transactions" and case.method == "GET":
            if len(str(query.get("limit", ""))) % 2:  # half of the cases ask for what is there
                query["card_id"] = KNOWN_CARD
            if "card_id" in query:
                query.pop("merchant", None)
            elif "merchant" not in query:
                query["merchant"] = KNOWN_MERCHANT
            case.query = query
        if case.path == "/alerts" and {"from", "to"} & query.keys():  # a quarter at most, unless of one status or card
            query.setdefault("status", "open")
            case.query = query
    if "{alert_id}" in case.path and len(str(case.body) + str(case.path_parameters)) % 2:
        case.path_parameters = {"alert_id": KNOWN_ALERTS[len(str(case.body)) % len(KNOWN_ALERTS)]}
    if (case.method, case.path) == ("POST", "/transactions"):
        case.body = _with_real_rows(case.body)
        if "Idempotency-Key" in (case.headers or {}):  # with the key of another body, a right one is refused
            case.headers["Idempotency-Key"] = uuid4().hex
    if case.path == "/transactions/search" and isinstance(case.body, dict):
        case.body.pop("cursor", None)
    return case


def is_positive(case: Any) -> bool:
    meta = case.meta
    return meta is not None and meta.generation.mode.is_positive


def _with_real_rows(body: Any) -> Any:
    """Keep a body's shape, and put rows in whose values mean something: a schema knows forms alone."""
    if isinstance(body, list):
        return [raw_row(number) for number, _ in enumerate(body)]
    if isinstance(body, dict) and "transactions" in body:
        return {"transactions": _with_real_rows(body["transactions"])}
    return raw_row(len(str(body)))
