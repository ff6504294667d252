"""Corrections through the API: a new content of a transaction, on the stream, in the order of its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from functions.query_transactions.refusal import RefusalError, bad
from functions.query_transactions.service import Counts, require_storable
from shared.card_numbers.masking import mask_text
from shared.errors import TransientError
from shared.retry import Budget
from shared.sinks.item import Item, content_of
from shared.stream.records import build_records
from shared.stream.writer import Stream
from shared.telemetry import logger
from shared.transaction.correction import CorrectionError, changed, corrected, differing

BUDGET_SECONDS = 5.0
AHEAD = timedelta(minutes=1)  # by which a caller's clock may be fast


class TransactionsPort(Protocol):
    """The table of transactions: :class:`functions.query_transactions.reader.Reader`."""

    def transaction(self, transaction_id: str) -> Item | None:
        """Give one, or None."""


class Corrections:
    """The corrections of a stage."""

    def __init__(
        self, transactions: TransactionsPort, stream: Stream, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._transactions, self._stream, self._now = transactions, stream, now
        self.counts = Counts()

    def correct(self, transaction_id: str, changes: Mapping[str, Any], by: str, at: str | None) -> dict[str, Any]:
        """Put a correction on the stream; give the fields that it changes, none if the transaction has these values.

        The same ``at`` again makes the same content, which every store takes for a resend. Card numbers in ``by`` are
        masked. Raises RefusalError, TransientError when a store is unavailable.
        """
        require_storable("by", by)
        if not changes:
            raise bad("changes", "has no column to change")
        moment = self._moment(at)
        item = self._transactions.transaction(transaction_id)
        if item is None:
            raise RefusalError(404, "no transaction has this ID")
        self.counts = Counts(1, 1)
        try:
            before = content_of(item)
        except ValueError as error:
            raise RefusalError(409, f"the stored transaction cannot be read ({error}): repair it first") from None
        try:
            after = changed(before, changes)
        except CorrectionError as error:
            raise RefusalError(400, str(error), error.errors) from None
        fields = differing(before, after)
        if not fields:
            return _answer(transaction_id, [], before.corrected_at, before.corrected_by)
        if before.corrected_at is not None and moment <= before.corrected_at:
            raise bad("at", f"is not after the correction of {before.corrected_at}, which would still count")
        one = corrected(after, mask_text(by), moment)
        if self._stream.put(build_records([(0, one)]), Budget(BUDGET_SECONDS)).unstored_rows:
            raise TransientError("the stream does not take the correction")
        about = {"transaction_id": transaction_id, "fields": fields, "by": one.corrected_by}
        logger.info("transaction corrected", extra=about)
        return _answer(transaction_id, fields, moment, one.corrected_by)

    def _moment(self, at: str | None) -> str:
        now = self._now()
        if at is None:
            return _iso(now)
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise bad("at", "is no time: expected e.g. 2026-11-30T12:00:00Z") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if moment > now + AHEAD:
            raise bad("at", "is in the future")
        return _iso(moment)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer(transaction_id: str, fields: list[str], at: str | None, by: str | None) -> dict[str, Any]:
    return {"transaction_id": transaction_id, "fields": fields, "corrected_at": at, "corrected_by": by}
