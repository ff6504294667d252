"""What becomes of one request: rows validated one by one, the good ones put on the stream, an answer for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from functions.write_to_kinesis.findings import fitting
from functions.write_to_kinesis.idempotency import KEY_FORM, fingerprint, is_of, unreadable
from functions.write_to_kinesis.rejections import describe_rejections
from shared.card_keys.ring import CardKeys
from shared.card_numbers.masking import mask_text
from shared.errors import RejectedError, TransientError
from shared.http.body import BodyError, header, read_bytes, read_rows
from shared.http.callers import SEND, Callers, api_key_id
from shared.ledger import Ledger
from shared.retry import Budget
from shared.stream.records import StreamRecord, build_records
from shared.stream.writer import PutOutcome
from shared.transaction.model import parse_many
from shared.transaction.schema import Transaction

RETRY_AFTER_SECONDS = 2


class StreamPort(Protocol):
    """Where records go: :class:`shared.stream.writer.Stream`."""

    def put(self, partitions: list[list[StreamRecord]], budget: Budget) -> PutOutcome:
        """Put records within the budget."""


class RequestsPort(Protocol):
    """What was answered before: :class:`functions.write_to_kinesis.idempotency.Requests`."""

    def find(self, sender: str, key: str) -> str | None:
        """Give the kept fingerprint, or None."""

    def keep(self, sender: str, key: str, body_fingerprint: str) -> None:
        """Keep a fingerprint."""


class CardKeyPort(Protocol):
    """The keys of the card ids: :class:`shared.card_keys.cache.CardKeyCache`."""

    def get(self) -> CardKeys:
        """Give the keys, or raise TransientError."""


class Validated(NamedTuple):
    """The rows of a request: (index, Transaction) of the good ones, (index, column, reason) for each finding."""

    accepted: list[tuple[int, Transaction]]
    errors: list[tuple[int, str, str]]
    rows: int


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

    def response(self) -> dict[str, Any]:
        """Give API Gateway's proxy response."""
        return {
            "statusCode": self.status,
            "headers": {"Content-Type": "application/json", **self.headers},
            # ASCII only: a reason may quote a character that UTF-8 cannot carry.
            "body": json.dumps(self.body, separators=(",", ":")),
        }


class Ingest:
    """The API's one operation, ``POST /transactions``."""

    def __init__(
        self, stream: StreamPort, requests: RequestsPort, card_key: CardKeyPort, callers: Callers | None = None
    ) -> None:
        self._stream, self._requests, self._card_key = stream, requests, card_key
        self._callers = callers or Callers()

    def answer(self, event: Mapping[str, Any], request_id: str, budget: Budget, trace: str | None = None) -> Answer:
        """Answer one proxy event of API Gateway (REST, payload version 1); the records carry the trace's header.

        Raises only what nobody foresaw. Times out with the budget, plus the call in flight.
        """
        sender = api_key_id(event)
        # Without a key, the function was invoked directly: IAM has decided. Each method of the API requires a key.
        if sender and not self._callers.may(event, *SEND):
            return Answer(403, {"request_id": request_id, "message": "this key may not send transactions"}, Ledger())
        try:
            body = read_bytes(event)
            rows = read_rows(body)
            key = _idempotency_key(event)
        except BodyError as error:
            return _refusal(error, request_id)
        try:
            card_keys = self._card_key.get()
        except TransientError:
            ledger = Ledger(received=len(rows), failed=len(rows))
            return _not_now(Validated([], [], len(rows)), range(len(rows)), request_id, ledger)

        key = unreadable(card_keys.anchor, key) if key else None
        known, away = self._find(sender, key) if key else (None, False)
        if known and not is_of(known, card_keys, body):
            message = "this Idempotency-Key was used with another body within the last 24 hours"
            return Answer(422, {"request_id": request_id, "message": message}, Ledger())

        validated = validate(rows, card_keys)
        ledger = Ledger(received=len(rows), rejected=len(rows) - len(validated.accepted))
        rejections = describe_rejections(rows, validated.errors)
        if known:
            ledger.duplicates = len(validated.accepted)
            return _done(validated, request_id, ledger, duplicate=True)._replace(rejections=rejections)

        outcome = self._stream.put(build_records(validated.accepted, trace=trace), budget)
        ledger.retried, ledger.failed = outcome.retried, len(outcome.unstored_rows)
        ledger.accepted = ledger.written = len(validated.accepted) - ledger.failed
        if outcome.unstored_rows:
            answer = _not_now(validated, outcome.unstored_rows, request_id, ledger)
        else:
            if key and validated.accepted:
                away = not self._keep(sender, key, fingerprint(card_keys.newest.secret, body)) or away
            answer = _done(validated, request_id, ledger)
        unstored = frozenset(outcome.unstored_rows)
        amount = sum((t.amount for index, t in validated.accepted if index not in unstored), Decimal(0))
        return answer._replace(
            requests_table_away=away, records=outcome.positions, rejections=rejections, amount=amount
        )

    def _find(self, sender: str, key: str) -> tuple[str | None, bool]:
        try:
            return self._requests.find(sender, key), False
        except TransientError:
            # Better a duplicate on the stream, which every sink absorbs, than a refused transaction.
            return None, True

    def _keep(self, sender: str, key: str, mark: str) -> bool:
        try:
            self._requests.keep(sender, key, mark)
        except TransientError:
            # The rows are stored, and that is what the answer says; a repeat will only cost a duplicate on the stream.
            return False
        return True


def validate(rows: list[Any], card_keys: CardKeys) -> Validated:
    """Parse every row on its own; findings are in row order, and never hold a card number."""
    accepted: list[tuple[int, Transaction]] = []
    errors: list[tuple[int, str, str]] = []
    objects = [row if isinstance(row, dict) else {} for row in rows]
    for index, (row, parsed) in enumerate(zip(rows, parse_many(objects, card_keys), strict=True)):
        if not isinstance(row, dict):
            errors.append((index, "", "a transaction must be a JSON object"))
        elif isinstance(parsed, RejectedError):
            errors += [(index, mask_text(field), mask_text(reason)) for field, reason in parsed.errors]
        else:
            accepted.append((index, parsed))
    return Validated(accepted, errors, len(rows))


def internal_error(request_id: str) -> dict[str, Any]:
    """Give the proxy response to what nobody foresaw: the id to ask for, and no detail."""
    body = {"request_id": request_id, "message": "internal error; the rows may or may not be stored: send them again"}
    return Answer(500, body, Ledger()).response()


def _idempotency_key(event: Mapping[str, Any]) -> str | None:
    key = header(event, "idempotency-key")
    if key is not None and not KEY_FORM.fullmatch(key):
        raise BodyError(400, "Idempotency-Key must be 1 to 128 of the characters A-Z a-z 0-9 . _ -")
    return key


def _refusal(error: BodyError, request_id: str) -> Answer:
    return Answer(error.status, {"request_id": request_id, "message": error.message}, Ledger())


def _report(validated: Validated, unstored: frozenset[int], request_id: str) -> dict[str, Any]:
    """Give the part of an answer that goes row by row: a row has an id if and only if it is stored."""
    ids: list[str | None] = [None] * validated.rows
    for index, transaction in validated.accepted:
        if index not in unstored:
            ids[index] = transaction.transaction_id
    findings = fitting(validated.errors)
    report = {
        "request_id": request_id,
        "accepted": validated.rows - ids.count(None),
        "rejected": len({index for index, _, _ in validated.errors}),
        "transaction_ids": ids,
        "errors": [{"index": index, "field": field, "reason": reason} for index, field, reason in findings],
    }
    if len(findings) < len(validated.errors):
        report["message"] = f"{len(validated.errors)} errors are too many for an answer: errors has each row's first"
    return report


def _done(validated: Validated, request_id: str, ledger: Ledger, *, duplicate: bool = False) -> Answer:
    body = _report(validated, frozenset(), request_id)
    if duplicate:
        body["duplicate"] = True
    status = 400 if not validated.accepted else 207 if validated.errors else 202
    return Answer(status, body, ledger)


def _not_now(validated: Validated, unstored: Any, request_id: str, ledger: Ledger) -> Answer:
    body = _report(validated, frozenset(unstored), request_id)
    body["message"] = f"not stored: the rows in unstored; send them again after {RETRY_AFTER_SECONDS} s"
    body["unstored"] = list(unstored)
    return Answer(503, body, ledger, {"Retry-After": str(RETRY_AFTER_SECONDS)})
