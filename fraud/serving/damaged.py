"""Items of the detector's tables that cannot be read: somebody changed them, and they stop no shard and no command."""

from __future__ import annotations

from typing import NamedTuple

from fraud.risk import Risk, RiskError
from shared.sinks.item import Item


class Damaged(NamedTuple):
    """An item that cannot be read, and why. ``risk``: its known frauds are part of that, and begin again empty."""

    item: Item
    reason: str
    risk: bool = False


def risk_of(item: Item) -> tuple[Risk, str]:
    """Give the known frauds that an item has (none without the attribute), and why they cannot be read, if so."""
    if "risk" not in item:
        return Risk(), ""
    try:
        return Risk.unpack(bytes(item["risk"]["B"])), ""
    except (KeyError, TypeError, RiskError) as error:
        return Risk(), f"risk cannot be read ({type(error).__name__}: {error})"
