"""What was delivered to the warehouse and is not merged yet: the messages of the merge queue, and what they announce.

A message announces a manifest that Firehose put before its COPY, or just that staging or core has changed (a batch
load, a replay). It stays in the queue until what it announces is in core and in the marts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote_plus

from shared.aws import is_transient
from shared.telemetry import describe, logger

MANIFESTS = "manifests/"  # Firehose's: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
_TEST = "s3:TestEvent"
MOST_WAIT_SECONDS = 300  # between two looks at the same delivery: Firehose repeats a failed COPY every five minutes


class QueueClient(Protocol):
    """The part of boto3's SQS client that is used here."""

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Set when up to ten messages are received again."""


class Delivery(NamedTuple):
    """A message: its id and handle, how often it was received (from 1), and the manifests (bucket, key) in it."""

    message_id: str
    handle: str
    receives: int
    manifests: tuple[tuple[str, str], ...]

    def wait_seconds(self, first: int) -> int:
        """Seconds until the next look: ``first``, doubled with each look, up to MOST_WAIT_SECONDS."""
        return int(min(MOST_WAIT_SECONDS, first * 2 ** min(self.receives - 1, 16)))


def read_deliveries(event: dict[str, Any]) -> list[Delivery] | None:
    """Give the messages of an SQS event that ask for a merge; None for any other event, as of the schedule or by hand.

    S3's test message, sent once when the bucket is set up, asks for none: the warehouse may not be migrated yet.
    """
    records = event.get("Records")
    if records is None:
        return None
    bodies = [(record, _content(record["body"])) for record in records]
    return [_delivery(record, content) for record, content in bodies if content.get("Event") != _TEST]


def _content(body: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _delivery(record: dict[str, Any], content: dict[str, Any]) -> Delivery:
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    return Delivery(record["messageId"], record["receiptHandle"], receives, tuple(_manifests(content)))


def _manifests(content: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Give the manifests of an S3 event notification. Any other message only says that something has changed."""
    for record in content.get("Records", []):
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        if key.startswith(MANIFESTS):
            yield bucket, key


class MergeQueue:
    """The queue, as far as the merge itself uses it: to say when it wants to see a message again."""

    def __init__(self, client: QueueClient, url: str) -> None:
        self._client, self._url = client, url

    def see_again(self, waits: list[tuple[Delivery, int]]) -> None:
        """Have each message delivered again after its seconds. Without effect, they come after the queue's time-out.

        A transient failure is logged and not raised: it only means a longer wait.
        """
        for start in range(0, len(waits), 10):
            entries = [
                {"Id": str(number), "ReceiptHandle": delivery.handle, "VisibilityTimeout": seconds}
                for number, (delivery, seconds) in enumerate(waits[start : start + 10])
            ]
            try:
                failed = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except Exception as error:
                if not is_transient(error):
                    raise
                logger.warning("deliveries are received again only after the time-out", extra=describe(error))
            else:
                if failed.get("Failed"):
                    logger.warning(
                        "deliveries are received again only after the time-out", extra={"failed": failed["Failed"]}
                    )
