"""Lambda's metrics of event source mappings: IteratorAge per function, and the event counts per mapping.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
"""

from __future__ import annotations

from local.clients import Clients
from local.event_sources.model import Mapping
from local.metric_sender import MetricSender


class MappingMetrics:
    """Counts for all mappings. Safe across threads."""

    def __init__(self, clients: Clients) -> None:
        self._sender = MetricSender(clients, "AWS/Lambda")

    def age(self, mapping: Mapping, seconds: float) -> None:
        """The age of the last record of one invocation."""
        name = {"FunctionName": mapping.function_name}
        self._sender.add("IteratorAge", max(0.0, seconds) * 1000, "Milliseconds", name)

    def polled(self, mapping: Mapping, events: int) -> None:
        """Events read from the stream: 0 for a poll that found none, which shows that the mapping polls."""
        self._count("PolledEventCount", mapping, events)

    def invoked(self, mapping: Mapping, events: int, failed: int) -> None:
        """Events that the function was invoked with, and how many of them it failed."""
        self._count("InvokedEventCount", mapping, events)
        self._count("FailedInvokeEventCount", mapping, failed)

    def given_up(self, mapping: Mapping, events: int, delivered: bool) -> None:
        """Events that went to the on-failure destination, or nowhere."""
        self._count("OnFailureDestinationDeliveredEventCount" if delivered else "DroppedEventCount", mapping, events)

    def send_if_due(self) -> None:
        """Send what has come together."""
        self._sender.send_if_due()

    def _count(self, name: str, mapping: Mapping, events: int) -> None:
        self._sender.add(name, events, "Count", {"EventSourceMappingUUID": mapping.uuid})
