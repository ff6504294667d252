"""Where alerts go: the table, each once; Firehose for the warehouse and the topic, each at least once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from fraud.alert import Flagged, to_item, to_line, to_message
from shared.aws import is_transient
from shared.retry import Budget
from shared.sinks.conditional import ConditionalWriter, Put
from shared.sinks.firehose import RecordSink
from shared.stream.records import MAX_RECORD_BYTES, StreamRecord

ALERTS_PER_MESSAGE = 200  # about 100 KB; SNS takes 256


class TopicClient(Protocol):
    """The part of boto3's SNS client that is used here."""

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> dict[str, Any]:
        """Publish one message."""


class Topic(NamedTuple):
    """A topic of a stage."""

    client: TopicClient
    arn: str
    stage: str


class Published(NamedTuple):
    """The alerts new to the table, the cards with an alert that did not get everywhere, and how many were repeated."""

    new: int
    failed: set[str]
    retried: int


class Alerts:
    """Stores and publishes alerts. The table keeps the first per transaction: a repeat changes neither."""

    def __init__(self, writer: ConditionalWriter, stream: RecordSink, topic: Topic) -> None:
        self._writer, self._stream, self._topic = writer, stream, topic

    def publish(self, flagged: Sequence[Flagged], budget: Budget) -> Published:
        """Publish a batch's alerts. Those that only the shadow model flags go to the warehouse alone.

        Raises ClientError on terminal errors.
        """
        published = list({one.alert.transaction_id: one for one in flagged if one.alert.is_alert}.values())
        puts = [Put(to_item(one), "transaction_id") for one in published]
        stored = self._writer.write(puts, budget)
        failed = {put.item["card_id"]["S"] for put in stored.unstored}
        sent = self._stream.put([records] if (records := list(_records(flagged))) else [], budget)
        failed |= {flagged[row].alert.card_id for row in sent.unstored_rows}
        for start in range(0, len(published), ALERTS_PER_MESSAGE):
            message = published[start : start + ALERTS_PER_MESSAGE]
            if not self._publish_all(message):
                failed |= {one.alert.card_id for one in message}
        new = len(puts) - len(stored.refused) - len(stored.unstored)
        return Published(new, failed, stored.retried + sent.retried)

    def _publish_all(self, flagged: list[Flagged]) -> bool:
        subject = f"Swipeline {self._topic.stage}: {len(flagged)} suspicious transactions"
        try:
            self._topic.client.publish(
                TopicArn=self._topic.arn, Subject=subject, Message=to_message(self._topic.stage, flagged)
            )
        except Exception as error:
            if not is_transient(error):
                raise
            return False
        return True


def _records(flagged: Sequence[Flagged]) -> Iterator[StreamRecord]:
    """Give the alerts as records, as few as their size allows."""
    lines: list[bytes] = []
    start = size = 0
    for row, one in enumerate(flagged):
        line = to_line(one.alert)
        if lines and size + len(line) > MAX_RECORD_BYTES:
            yield StreamRecord(flagged[start].alert.card_id, b"".join(lines), tuple(range(start, row)))
            lines, start, size = [], row, 0
        lines.append(line)
        size += len(line)
    if lines:
        yield StreamRecord(flagged[start].alert.card_id, b"".join(lines), tuple(range(start, len(flagged))))
