"""Handles `POST /transactions`: reads the request, decides on its rows, puts the good ones on the stream, answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from functions.write_to_kinesis.answers import Answer, done, not_now, refused
from functions.write_to_kinesis.decision import Decision, decide
from functions.write_to_kinesis.idempotency import fingerprint, is_of, unreadable
from functions.write_to_kinesis.reading import Request, read_request
from functions.write_to_kinesis.rejections import describe_rejections
from shared.card_keys.ring import CardKeys
from shared.errors import TransientError
from shared.http.body import BodyError
from shared.http.callers import Callers
from shared.ledger import Ledger
from shared.retry import Budget
from shared.stream.records import StreamRecord, build_records
from shared.stream.writer import PutOutcome


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


class Ingest:
    """The operation, with the stream, the table of requests and the keys that it works on."""

    def __init__(
        self, stream: StreamPort, requests: RequestsPort, card_key: CardKeyPort, callers: Callers | None = None
    ) -> None:
        self._stream, self._requests, self._card_key = stream, requests, card_key
        self._callers = callers or Callers()

    def answer(self, event: Mapping[str, Any], request_id: str, budget: Budget, trace: str | None = None) -> Answer:
        """Answer one proxy event; the records carry the trace's header.

        Raises unexpected errors only. Ends with the budget, plus the call in flight.
        """
        try:
            request = read_request(event, self._callers)
        except BodyError as error:
            return refused(error, request_id)
        rows = len(request.rows)
        try:
            card_keys = self._card_key.get()
        except TransientError:
            return not_now(Decision([], [], rows), range(rows), request_id, Ledger(received=rows, failed=rows))
        earlier = _Earlier(self._requests, request, card_keys)
        if earlier.had_another_body:
            message = "this Idempotency-Key was used with another body within the last 24 hours"
            return refused(BodyError(422, message), request_id)
        decision = decide(request.rows, card_keys)
        if earlier.answered:
            ledger = Ledger(received=rows, duplicates=len(decision.accepted), rejected=rows - len(decision.accepted))
            answer = done(decision, request_id, ledger, duplicate=True)
        else:
            answer = self._put(decision, request_id, budget, trace)
            if answer.status != 503 and decision.accepted:
                earlier.keep()
        rejections = describe_rejections(request.rows, decision.errors)
        return answer._replace(requests_table_away=earlier.table_away, rejections=rejections)

    def _put(self, decision: Decision, request_id: str, budget: Budget, trace: str | None) -> Answer:
        outcome = self._stream.put(build_records(decision.accepted, trace=trace), budget)
        unstored = frozenset(outcome.unstored_rows)
        written = len(decision.accepted) - len(unstored)
        ledger = Ledger(
            received=decision.rows,
            accepted=written,
            rejected=decision.rows - len(decision.accepted),
            written=written,
            retried=outcome.retried,
            failed=len(unstored),
        )
        if unstored:
            answer = not_now(decision, outcome.unstored_rows, request_id, ledger)
        else:
            answer = done(decision, request_id, ledger)
        amount = sum((one.amount for index, one in decision.accepted if index not in unstored), Decimal(0))
        return answer._replace(records=outcome.positions, amount=amount)


class _Earlier:
    """Whether a request was answered before: what the table of requests says of its Idempotency-Key."""

    def __init__(self, requests: RequestsPort, request: Request, card_keys: CardKeys) -> None:
        self._requests, self._request, self._card_keys = requests, request, card_keys
        key = request.idempotency_key
        self._key = unreadable(card_keys.anchor, key) if key else None
        self.table_away = False
        kept = self._find() if self._key else None
        self.answered = bool(kept) and is_of(str(kept), card_keys, request.body)
        self.had_another_body = bool(kept) and not self.answered

    def _find(self) -> str | None:
        try:
            return self._requests.find(self._request.sender, str(self._key))
        except TransientError:
            # Better a duplicate on the stream, which every sink absorbs, than a refused transaction.
            self.table_away = True
            return None

    def keep(self) -> None:
        """Remember that all rows of the request are on the stream."""
        if not self._key:
            return
        try:
            mark = fingerprint(self._card_keys.newest.secret, self._request.body)
            self._requests.keep(self._request.sender, self._key, mark)
        except TransientError:
            # The rows are stored, and that is what the answer says; a repeat will only cost a duplicate on the stream.
            self.table_away = True
