"""What the sender is answered: HTTP status, body and headers, and what the log and the metrics hear of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from functions.write_to_kinesis.decision import Decision
from functions.write_to_kinesis.findings import fitting
from shared.http.body import BodyError
from shared.ledger import Ledger

RETRY_AFTER_SECONDS = 2


class Answer(NamedTuple):
    """What is sent back, and what is counted and logged of it."""

    status: int
    body: dict[str, Any]
    ledger: Ledger
    headers: Mapping[str, str] = {}
    requests_table_away: bool = False  # the Idempotency-Key could not be looked up or kept
    records: Sequence[str] = ()  # shard:sequence number of each
    rejections: Sequence[Mapping[str, Any]] = ()  # for the log: no value of a sender's is in it
    amount: Decimal = Decimal(0)  # of what is on the stream

    def about(self) -> dict[str, Any]:
        """Give what the log says of it, beside the counts."""
        return {"status": self.status, "requests_table_away": self.requests_table_away, "records": self.records}

    def response(self) -> dict[str, Any]:
        """Give API Gateway's proxy response."""
        return {
            "statusCode": self.status,
            "headers": {"Content-Type": "application/json", **self.headers},
            # ASCII only: a reason may quote a character that UTF-8 cannot carry.
            "body": json.dumps(self.body, separators=(",", ":")),
        }


def refused(error: BodyError, request_id: str) -> Answer:
    """Answer a request that is refused as a whole: none of its rows was looked at."""
    return Answer(error.status, {"request_id": request_id, "message": error.message}, Ledger())


def done(decision: Decision, request_id: str, ledger: Ledger, *, duplicate: bool = False) -> Answer:
    """Answer a request all of whose good rows are stored: 202, 207 where some rows are bad, 400 where all are."""
    body = _report(decision, frozenset(), request_id)
    if duplicate:
        body["duplicate"] = True
    status = 400 if not decision.accepted else 207 if decision.errors else 202
    return Answer(status, body, ledger)


def not_now(decision: Decision, unstored: Iterable[int], request_id: str, ledger: Ledger) -> Answer:
    """Answer 503: the rows in ``unstored`` are to be sent again."""
    rows = list(unstored)
    body = _report(decision, frozenset(rows), request_id)
    body["message"] = f"not stored: the rows in unstored; send them again after {RETRY_AFTER_SECONDS} s"
    body["unstored"] = rows
    return Answer(503, body, ledger, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def internal_error(request_id: str) -> dict[str, Any]:
    """Give the proxy response to an unexpected error: the id to ask for, and no detail."""
    body = {"request_id": request_id, "message": "internal error; the rows may or may not be stored: send them again"}
    return Answer(500, body, Ledger()).response()


def _report(decision: Decision, unstored: frozenset[int], request_id: str) -> dict[str, Any]:
    """Give the part of an answer that goes row by row: a row has an id if and only if it is stored."""
    ids: list[str | None] = [None] * decision.rows
    for index, transaction in decision.accepted:
        if index not in unstored:
            ids[index] = transaction.transaction_id
    findings = fitting(decision.errors)
    report = {
        "request_id": request_id,
        "accepted": decision.rows - ids.count(None),
        "rejected": len({index for index, _, _ in decision.errors}),
        "transaction_ids": ids,
        "errors": [{"index": index, "field": field, "reason": reason} for index, field, reason in findings],
    }
    if len(findings) < len(decision.errors):
        report["message"] = f"{len(decision.errors)} errors are too many for an answer: errors has each row's first"
    return report
