"""AWS/Lambda IteratorAge: how old the last record of each invoked batch was. Sent together every few seconds."""

from __future__ import annotations

import logging
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients

log = logging.getLogger(__name__)

SEND_EVERY_SECONDS = 10.0


class IteratorAges:
    """Collects ages in seconds per function. Safe across threads."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._ages: dict[str, list[float]] = {}
        self._next_send = 0.0

    def add(self, function_name: str, age_seconds: float) -> None:
        """Note the age of the last record of one invocation."""
        with self._lock:
            self._ages.setdefault(function_name, []).append(max(0.0, age_seconds) * 1000)

    def send_if_due(self) -> None:
        """Send what has come together, unless it was done just now. What can't be sent is dropped with a log line."""
        now = time.time()
        if now < self._next_send or not self._ages:
            return
        self._next_send = now + SEND_EVERY_SECONDS
        with self._lock:
            ages, self._ages = self._ages, {}
        data = [
            {
                "MetricName": "IteratorAge",
                "Dimensions": [{"Name": "FunctionName", "Value": function}],
                "Unit": "Milliseconds",
                "StatisticValues": {
                    "SampleCount": len(values),
                    "Sum": sum(values),
                    "Minimum": min(values),
                    "Maximum": max(values),
                },
            }
            for function, values in ages.items()
        ]
        try:
            self._clients.root("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=data)
        except (ClientError, BotoCoreError) as error:
            log.warning("IteratorAge not sent: %s", error)
