"""What a number of transactions costs in all, sent within some hours: all of that time, the warehouse included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from client.cost.assumptions import Assumptions
from client.cost.model import bill
from client.cost.shape import HOURS, SECONDS, Shape


def once(
    usage: Mapping[str, Any], prices: Mapping[str, Any], transactions: float, hours: float, given: Assumptions
) -> float:
    """Dollars: the stage's idle price for those hours, the transactions, and the hours in which it is awake."""
    one = bill(usage, prices, transactions / SECONDS, replace(given, shape=Shape("once", hours)))
    return one.fixed * hours / HOURS + one.awake + transactions / 1e6 * one.variable
