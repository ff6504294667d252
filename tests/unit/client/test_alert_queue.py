"""The queue of alerts: what is first, what is similar; withdrawing a verdict and assigning, over moto's DynamoDB."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from client.alerts.queue import Queue, rank
from fraud.precision import Reviewed


def alert(number: int, amount: str, score: str, card: str = "c", merchant: str = "m") -> dict[str, Any]:
    return {
        "transaction_id": f"{number:032x}",
        "amount": Decimal(amount),
        "score": Decimal(score),
        "card_id": card,
        "merchant_id": merchant,
        "alerted_at": f"2026-01-01T00:00:{number:02d}.000Z",
    }


def test_the_most_money_at_risk_is_first_and_of_equal_ones_the_older() -> None:
    ranked = rank([alert(1, "100", "0.5"), alert(2, "900", "0.9"), alert(3, "50", "1"), alert(4, "50", "1")])
    assert [(int(one.alert["transaction_id"], 16), str(one.at_risk)) for one in ranked] == [
        (2, "810.00"), (3, "50.00"), (4, "50.00"), (1, "50.00"),
    ]  # fmt: skip


def test_similar_are_other_alerts_of_the_card_or_the_merchant() -> None:
    entries = rank(
        [alert(1, "4", "1"), alert(2, "3", "1", card="d"), alert(3, "2", "1", "e", "n"), alert(4, "1", "1", "c", "o")]
    )
    queue = Queue(entries, Reviewed("", 4, 0, 0))
    assert [int(one.alert["transaction_id"], 16) for one in queue.similar(entries[0])] == [2, 4]
    assert (entries[0].of_card, entries[0].of_merchant) == (1, 1)
    assert queue.at_risk == Decimal("10.00")
    assert rank([]) == []
