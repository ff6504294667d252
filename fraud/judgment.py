"""What a verdict on an alert does to the risk of its card and its merchant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

from fraud.risk import Fraud, Risk
from fraud.verdict import FINDINGS, Verdict

SETTLE_SECONDS = 5  # from a verdict until it counts: by then every reader sees it, whichever copy it reads

Item = Mapping[str, Mapping[str, Any]]


class Judgment(NamedTuple):
    """A transaction that is found to be fraud, or not to be."""

    card_id: str
    merchant_id: str
    fraud: Fraud
    is_fraud: bool

    def apply(self, risk: Risk) -> bool:
        """Bring a card's or merchant's state up to date; says whether anything changed."""
        if self.is_fraud:
            return risk.mark(self.fraud)
        return risk.clear(self.fraud.at, self.fraud.check)


def of_verdict(item: Item, verdict: Verdict) -> Judgment:
    """The judgment of a verdict on an alert, given the alert's item."""
    plain = item["plain"]["BOOL"] if "plain" in item else True
    return judgment(
        item["transaction_id"]["S"],
        item["card_id"]["S"],
        item["merchant_id"]["S"],
        item["occurred_at"]["S"],
        seconds(verdict.at),
        is_fraud=verdict.verdict == FINDINGS[0],
        plain=plain,
    )


def judgment(
    transaction_id: str, card_id: str, merchant_id: str, occurred_at: str, known: int, *, is_fraud: bool, plain: bool
) -> Judgment:
    """The judgment of a transaction; ``known`` is when it was given, in seconds since 1970."""
    fraud = Fraud(seconds(occurred_at), known + SETTLE_SECONDS, crc32(transaction_id.encode()), plain)
    return Judgment(card_id, merchant_id, fraud, is_fraud)


def seconds(moment: str) -> int:
    """Seconds since 1970 of a UTC time in ISO form."""
    return int(datetime.fromisoformat(moment).timestamp())
