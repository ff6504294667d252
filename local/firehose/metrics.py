"""AWS/Firehose per delivery stream: what was read, stored and copied, and how old the oldest waiting record is.

https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from local.metric_sender import MetricSender

GAUGE_EVERY_SECONDS = 1.0


class DeliveryMetrics:
    """Counts for one delivery stream, shared by its two threads."""

    def __init__(self, sender: MetricSender, stream: str) -> None:
        self._sender, self._names = sender, {"DeliveryStreamName": stream}
        self._lock = threading.Lock()
        self._stored: dict[str, tuple[int, int]] = {}  # object -> records, bytes; since the start
        self._caught_up_at = time.time()
        self._next_gauge = 0.0

    def read(self, records: int, size: int, caught_up: bool) -> None:
        """Records came out of the source."""
        if caught_up:
            self._caught_up_at = time.time()
        if records:
            for name, value, unit in (("Records", records, "Count"), ("Bytes", size, "Bytes")):
                self._add(f"DataReadFromKinesisStream.{name}", value, unit)

    def gauge(self, waiting_since: float | None) -> None:
        """How far behind the source the reading is, and the age of the oldest record not yet in S3.

        Both grow while reading or storing fails.
        """
        now = time.time()
        if now < self._next_gauge:
            return
        self._next_gauge = now + GAUGE_EVERY_SECONDS
        behind = now - self._caught_up_at
        # A caught-up reader looks again every half second: that is no lag.
        self._add(
            "KinesisMillisBehindLatest", behind * 1000 if behind > 2 * GAUGE_EVERY_SECONDS else 0.0, "Milliseconds"
        )
        if waiting_since is not None:
            self._add("DeliveryToS3.DataFreshness", max(0.0, now - waiting_since), "Seconds")

    def stored(self, key: str, records: int, size: int, since: float) -> None:
        """An object is in S3; its first record had come `since`."""
        with self._lock:
            self._stored[key] = (records, size)
        self._add("DeliveryToS3.Records", records, "Count")
        self._add("DeliveryToS3.Bytes", size, "Bytes")
        self._add("DeliveryToS3.Success", 1, "Count")
        self._add("DeliveryToS3.DataFreshness", max(0.0, time.time() - since), "Seconds")

    def not_stored(self) -> None:
        """S3 refused an object."""
        self._add("DeliveryToS3.Success", 0, "Count")

    def copied(self, keys: Sequence[str]) -> None:
        """A COPY of these objects succeeded."""
        with self._lock:
            sizes = [self._stored.pop(key, (0, 0)) for key in keys]
        self._add("DeliveryToRedshift.Success", 1, "Count")
        self._add("DeliveryToRedshift.Records", sum(records for records, _ in sizes), "Count")
        self._add("DeliveryToRedshift.Bytes", sum(size for _, size in sizes), "Bytes")

    def not_copied(self) -> None:
        """A COPY failed; it may be tried again."""
        self._add("DeliveryToRedshift.Success", 0, "Count")

    def given_up(self, keys: Sequence[str]) -> None:
        """These objects are under an error manifest now."""
        with self._lock:
            for key in keys:
                self._stored.pop(key, None)

    def _add(self, name: str, value: float, unit: str) -> None:
        self._sender.add(name, value, unit, self._names)
