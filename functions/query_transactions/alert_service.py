"""What the calls on alerts do: list, one with its transaction, verdict, assignment. Knows neither HTTP nor AWS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from fraud.serving.verdicts import DamagedAlertError, NoAlertError, VerdictLimitError
from fraud.verdict import Verdict
from functions.query_transactions.alerts import DEFAULT_DAYS, MOST_DAYS, AlertsAsked, WindowTooLongError
from functions.query_transactions.cursor import Cursors
from functions.query_transactions.pager import Found
from functions.query_transactions.refusal import RefusalError, bad
from functions.query_transactions.service import Counts, require_storable, window
from functions.query_transactions.shape import DamagedItemError, alert_to_json, shown, to_json
from shared.retry import Budget
from shared.sinks.item import Item

BUDGET_SECONDS = 5.0


class AlertReaderPort(Protocol):
    """The alerts table: :class:`functions.query_transactions.alerts.AlertReader`."""

    def alerts(self, asked: AlertsAsked, limit: int, position: list[str] | None, now: datetime) -> Found:
        """Give a page of alerts."""

    def alert(self, alert_id: str) -> Item | None:
        """Give one, or None."""


class VerdictsPort(Protocol):
    """Where verdicts go: :class:`fraud.serving.verdicts.Verdicts`."""

    def give(self, alert_id: str, verdict: Verdict, budget: Budget) -> Item:
        """Keep a verdict, and give the alert."""

    def assign(self, alert_id: str, to: str, at: str) -> Item:
        """Keep who works on an alert, and give the alert."""


class TransactionsPort(Protocol):
    """The table of transactions: :class:`functions.query_transactions.reader.Reader`."""

    def of_card_at(self, card_id: str, occurred_at: str, transaction_id: str) -> Item | None:
        """Give one, or None."""


class AlertList(NamedTuple):
    """What a list of alerts is asked with."""

    card_id: str | None = None
    status: str | None = None
    begin: str | None = None
    end: str | None = None
    limit: int = 100
    cursor: str | None = None


class AlertQueries:
    """The API's operations on alerts. All raise RefusalError, or TransientError when a store is unavailable."""

    def __init__(
        self,
        reader: AlertReaderPort,
        transactions: TransactionsPort,
        verdicts: VerdictsPort,
        cursors: Cursors,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader, self._transactions, self._verdicts = reader, transactions, verdicts
        self._cursors, self._now = cursors, now
        self.counts = Counts()

    def list(self, given: AlertList) -> dict[str, Any]:
        """Give a page of alerts, the newest first."""
        asked = AlertsAsked(given.card_id, given.status, window(given.begin, given.end))
        position = self._cursors.open(asked.words(), given.cursor)
        try:
            found = self._reader.alerts(asked, given.limit, position, self._now())
        except WindowTooLongError:
            reason = f"is more than {MOST_DAYS} days before to: ask for less, or by card_id or status"
            raise bad("from", reason) from None
        alerts = shown(found.items, alert_to_json)
        self.counts = Counts(found.read, len(alerts), len(found.items) - len(alerts))
        return {
            "alerts": alerts,
            "next_cursor": self._cursors.seal(asked.words(), found.position),
        }

    def one(self, alert_id: str) -> dict[str, Any]:
        """Give an alert and its transaction; that is null until the table has it, and where it cannot be read."""
        item = self._reader.alert(alert_id)
        if item is None:
            raise no_alert()
        try:
            alert = alert_to_json(item)
        except DamagedItemError as error:
            self.counts = Counts(1, 0, 1)
            raise RefusalError(409, f"the stored alert cannot be read: {error}") from None
        key = (item[name]["S"] for name in ("card_id", "occurred_at", "transaction_id"))
        transaction = self._transactions.of_card_at(*key)
        there = [transaction] if transaction else []
        rows = shown(there, to_json)
        self.counts = Counts(1 + len(there), 1 + len(rows), len(there) - len(rows))
        return {"alert": alert, "transaction": rows[0] if rows else None}

    def give_verdict(self, alert_id: str, finding: str, by: str, note: str) -> dict[str, Any]:
        """Keep a verdict, and give the alert with all it has."""
        require_storable("by", by)
        require_storable("note", note)
        try:
            item = self._verdicts.give(alert_id, Verdict(finding, by, note, self._at()), Budget(BUDGET_SECONDS))
        except NoAlertError:
            raise no_alert() from None
        except (DamagedAlertError, VerdictLimitError) as error:
            raise RefusalError(409, str(error)) from None
        self.counts = Counts(1, 1)
        return alert_to_json(item)

    def assign(self, alert_id: str, to: str) -> dict[str, Any]:
        """Keep who works on an alert, nobody for an empty name, and give the alert with all it has."""
        require_storable("to", to)
        try:
            item = self._verdicts.assign(alert_id, to, self._at())
        except NoAlertError:
            raise no_alert() from None
        except DamagedAlertError as error:
            raise RefusalError(409, str(error)) from None
        self.counts = Counts(1, 1)
        return alert_to_json(item)

    def _at(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def no_alert() -> RefusalError:
    """Give the refusal of an id that no alert has."""
    return RefusalError(404, "no alert has this ID")


WITHOUT_BOUNDS = f"Without card_id and status: the last {DEFAULT_DAYS} days, and windows of at most {MOST_DAYS}."
