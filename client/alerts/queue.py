"""The queue of open alerts: ranked by the money at risk, each with what else is open on its card and its merchant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from client.alerts.table import Alert, AlertsTable
from client.aws import Stage
from fraud.precision import Reviewed

MOST = 1000  # open alerts that are ranked: the newest


class Entry(NamedTuple):
    """An open alert and its rank. ``at_risk`` is score times amount, US dollars: the loss to be expected."""

    alert: Alert
    at_risk: Decimal
    of_card: int  # other open alerts of the card
    of_merchant: int

    def context(self) -> dict[str, Any]:
        """What the queue adds to the alert, as programs read it."""
        return {
            "at_risk": str(self.at_risk),
            "open_of_card": self.of_card,
            "open_of_merchant": self.of_merchant,
        }


class Queue(NamedTuple):
    """Open alerts, the most money at risk first, and how those reviewed so far turned out.

    ``damaged`` are alerts that cannot be read and are left out: why, by transaction id.
    """

    entries: list[Entry]
    reviewed: Reviewed
    damaged: Mapping[str, str] = MappingProxyType({})

    @property
    def at_risk(self) -> Decimal:
        """Of all of them, US dollars."""
        return sum((entry.at_risk for entry in self.entries), Decimal(0))

    def similar(self, entry: Entry) -> list[Entry]:
        """Other open alerts of the card or the merchant."""
        own = entry.alert
        return [
            other
            for other in self.entries
            if other.alert["transaction_id"] != own["transaction_id"]
            and (other.alert["card_id"] == own["card_id"] or other.alert["merchant_id"] == own["merchant_id"])
        ]


def load(stage: Stage) -> Queue:
    """The queue of a stage as its alerts table has it now."""
    table = AlertsTable(stage)
    return Queue(rank(table.open(MOST)), table.reviewed(), table.damaged)


def rank(alerts: Sequence[Alert]) -> list[Entry]:
    """Most money at risk first; of equal ones the higher score, then the older alert."""
    cards, merchants = (Counter(alert[name] for alert in alerts) for name in ("card_id", "merchant_id"))
    entries = [
        Entry(
            alert,
            (alert["score"] * alert["amount"]).quantize(Decimal("0.01")),
            cards[alert["card_id"]] - 1,
            merchants[alert["merchant_id"]] - 1,
        )
        for alert in alerts
    ]
    return sorted(
        entries,
        key=lambda one: (-one.at_risk, -one.alert["score"], one.alert["alerted_at"], one.alert["transaction_id"]),
    )
