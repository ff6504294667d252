"""Collects what a process of the embedded AWS counts in the name of a service, and sends it every few seconds.

Values that fall into the same ten seconds are sent as one statistic set with the time they were counted at.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients

log = logging.getLogger(__name__)

SEND_EVERY_SECONDS = 4.0
BIN_SECONDS = 10
MOST_A_REQUEST = 500
# What can't be sent (an emulator that is down) is kept this long.
KEEP_SECONDS = 600.0
_Key = tuple[int, str, str, tuple[tuple[str, str], ...]]


class MetricSender:
    """Metrics of one namespace. Safe across threads."""

    def __init__(self, clients: Clients, namespace: str) -> None:
        self._clients, self._namespace = clients, namespace
        self._lock = threading.Lock()
        self._sets: dict[_Key, list[float]] = {}
        self._next_send = 0.0

    def add(self, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
        """Note one value, seen now."""
        now = int(time.time())
        key = (now - now % BIN_SECONDS, name, unit, tuple(sorted(dimensions.items())))
        with self._lock:
            count, total, low, high = self._sets.get(key, (0.0, 0.0, value, value))
            self._sets[key] = [count + 1, total + value, min(low, value), max(high, value)]

    def send_if_due(self) -> None:
        """Send what has come together, unless it was done just now. What can't be sent is tried again next time."""
        now = time.time()
        if now < self._next_send:
            return
        self._next_send = now + SEND_EVERY_SECONDS
        with self._lock:
            sets, self._sets = self._sets, {}
        data = [_datum(key, values) for key, values in sets.items() if key[0] > now - KEEP_SECONDS]
        for first in range(0, len(data), MOST_A_REQUEST):
            try:
                self._clients.root("cloudwatch").put_metric_data(
                    Namespace=self._namespace, MetricData=data[first : first + MOST_A_REQUEST]
                )
            except (ClientError, BotoCoreError) as error:
                log.warning("metrics of %s not sent, kept: %s", self._namespace, error)
                self._keep(dict(list(sets.items())[first:]))
                return

    def _keep(self, sets: Mapping[_Key, list[float]]) -> None:
        with self._lock:
            for key, (count, total, low, high) in sets.items():
                own = self._sets.get(key, [0.0, 0.0, low, high])
                self._sets[key] = [own[0] + count, own[1] + total, min(own[2], low), max(own[3], high)]


def _datum(key: _Key, values: list[float]) -> dict[str, Any]:
    at, name, unit, dimensions = key
    count, total, low, high = values
    return {
        "MetricName": name,
        "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions],
        "Timestamp": at,
        "Unit": unit,
        "StatisticValues": {"SampleCount": count, "Sum": total, "Minimum": low, "Maximum": high},
    }
