"""Consumers with enhanced fan-out: registered, described, listed, deregistered, and as resources of CloudFormation.

They are kept with their stream, so that a registered consumer outlives a kill.
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html
"""

from __future__ import annotations

import re
import time
from typing import Any

from local.cloudwatch.replacing import replace
from local.kinesis.store import Stream
from local.kinesis.streams import RefusedError, Streams, now
from local.kinesis_reader import stream_arn_of

# https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
MOST_CONSUMERS = 20  # of a stream
MOST_CREATING = 5  # at the same time, of a stream
MOST_LISTED = 10_000
LISTED = 100  # where a request sets no limit
CREATING_SECONDS = 0.5
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
_PROPERTIES = ("ConsumerName", "StreamARN")

Consumer = dict[str, Any]


class Consumers:
    """The operations on consumers; MiniStack's own table of them is kept in step, since it looks there."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def register(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"Consumer": _summary(self._register(data, now() + int(CREATING_SECONDS * 1e6)))}

    def deregister(self, data: dict[str, Any]) -> dict[str, Any]:
        self._remove(self._named(data))
        return {}

    def describe(self, data: dict[str, Any]) -> dict[str, Any]:
        consumer = self._named(data)
        return {"ConsumerDescription": _summary(consumer) | {"StreamARN": consumer["StreamARN"]}}

    def list_consumers(self, data: dict[str, Any]) -> dict[str, Any]:
        _, stream = self._stream(data)
        limit = data.get("MaxResults", LISTED)
        if not isinstance(limit, int) or not 1 <= limit <= MOST_LISTED:
            raise RefusedError("ValidationException", f"MaxResults must be between 1 and {MOST_LISTED}")
        found = sorted(self.of(stream), key=lambda one: str(one["ConsumerName"]))
        start = str(data.get("NextToken") or "")
        left = [one for one in found if one["ConsumerName"] > start]
        answer: dict[str, Any] = {"Consumers": [_summary(one) for one in left[:limit]]}
        if len(left) > limit:
            answer["NextToken"] = left[limit - 1]["ConsumerName"]
        return answer

    def active(self, consumer_arn: Any) -> Consumer:
        """A consumer that may subscribe. Raises RefusedError."""
        consumer = self._named({"ConsumerARN": consumer_arn})
        if _status(consumer) != "ACTIVE":
            raise RefusedError("ResourceInUseException", f"Consumer {consumer_arn} is not ACTIVE")
        return consumer

    def find(self, consumer_arn: str) -> Consumer | None:
        """A consumer, or None."""
        found: Consumer | None = self._streams.kinesis._consumers.get(consumer_arn)
        return found

    def of(self, stream: Stream) -> list[Consumer]:
        """The consumers of a stream."""
        consumers = self._streams.kinesis._consumers.values()
        return [one for one in consumers if one["StreamARN"] == stream["StreamARN"]]

    def load(self, account: str, region: str, stream: Stream) -> None:
        """Take the consumers that were stored with a stream."""
        for consumer in stream.get("consumers", []):
            self._streams.kinesis._consumers.set_scoped(account, region, consumer["ConsumerARN"], consumer)

    def let_mappings_name_them(self, lambda_svc: Any) -> None:
        """MiniStack takes a stream alone for an event source mapping. Raises AttributeError if that has changed."""
        validate = lambda_svc._validate_event_source_arn

        def validated(event_source_arn: str) -> Any:
            stream_arn = stream_arn_of(event_source_arn)
            if stream_arn != event_source_arn and self.find(event_source_arn) is None:
                return None, lambda_svc._invalid_parameter_value(f"Consumer {event_source_arn} not found")
            return validate(stream_arn)

        replace(lambda_svc, "_validate_event_source_arn", validated)

    def resource(self) -> dict[str, Any]:
        """The functions that CloudFormation calls for AWS::Kinesis::StreamConsumer. All its properties replace it."""
        return {"create": self._created, "update": self._updated, "delete": self._deleted}

    def _register(self, data: dict[str, Any], ready_at: int) -> Consumer:
        scope, stream = self._stream(data)
        name = data.get("ConsumerName")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise RefusedError(
                "ValidationException",
                f"Value '{name}' at 'consumerName' failed to satisfy constraint: Member must satisfy regular"
                " expression pattern: [a-zA-Z0-9_.-]+, and have 1 to 128 characters",
            )
        found = self.of(stream)
        if any(one["ConsumerName"] == name for one in found):
            raise RefusedError(
                "ResourceInUseException", f"Consumer {name} of stream {stream['StreamName']} exists already"
            )
        if len(found) >= MOST_CONSUMERS:
            raise RefusedError("LimitExceededException", f"A stream has at most {MOST_CONSUMERS} consumers")
        if sum(_status(one) == "CREATING" for one in found) >= MOST_CREATING:
            raise RefusedError("LimitExceededException", f"At most {MOST_CREATING} consumers may be in CREATING status")
        created = int(time.time())
        consumer = {
            "ConsumerName": name,
            "ConsumerARN": f"{stream['StreamARN']}/consumer/{name}:{created}",
            "ConsumerCreationTimestamp": created,
            "ConsumerStatus": "ACTIVE",  # from `ready_at` on
            "StreamARN": stream["StreamARN"],
            "ready_at": ready_at,
        }
        self._streams.kinesis._consumers[consumer["ConsumerARN"]] = consumer
        self._save(scope, stream)
        return consumer

    def _remove(self, consumer: Consumer) -> None:
        kinesis = self._streams.kinesis
        del kinesis._consumers[consumer["ConsumerARN"]]
        kinesis._resource_policies.pop(consumer["ConsumerARN"], None)
        scope, stream = self._stream(consumer)
        self._save(scope, stream)

    def _save(self, scope: tuple[str, str, str], stream: Stream) -> None:
        stream["consumers"] = self.of(stream)
        self._streams.save(scope, stream)

    def _stream(self, data: dict[str, Any]) -> tuple[tuple[str, str, str], Stream]:
        if not data.get("StreamARN"):
            raise RefusedError("ValidationException", "StreamARN is required")
        return self._streams.find({"StreamARN": data["StreamARN"]})

    def _named(self, data: dict[str, Any]) -> Consumer:
        arn, name = data.get("ConsumerARN"), data.get("ConsumerName")
        if arn:
            found = self.find(str(arn))
        elif data.get("StreamARN") and name:
            _, stream = self._stream(data)
            found = next((one for one in self.of(stream) if one["ConsumerName"] == name), None)
        else:
            raise RefusedError(
                "InvalidArgumentException", "Either ConsumerARN, or StreamARN and ConsumerName must be specified"
            )
        if found is None:
            raise RefusedError("ResourceNotFoundException", f"Consumer {arn or name} not found")
        return found

    def _created(self, logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        consumer = self._register(props, ready_at=now())  # CloudFormation waits until it is active
        attributes = {name: str(value) for name, value in _summary(consumer).items()}
        return str(consumer["ConsumerARN"]), attributes | {"StreamARN": str(consumer["StreamARN"])}

    def _updated(
        self, physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str
    ) -> tuple[str, dict[str, str]]:
        consumer = self.find(physical_id)
        if consumer is not None and all(old.get(name) == new.get(name) for name in _PROPERTIES):
            attributes = {name: str(value) for name, value in _summary(consumer).items()}
            return physical_id, attributes | {"StreamARN": str(consumer["StreamARN"])}
        return self._created("", new, stack_name)

    def _deleted(self, physical_id: str, _: dict[str, Any]) -> None:
        if consumer := self.find(physical_id):
            self._remove(consumer)


def _status(consumer: Consumer) -> str:
    return "CREATING" if now() < consumer.get("ready_at", 0) else "ACTIVE"


def _summary(consumer: Consumer) -> dict[str, Any]:
    kept = ("ConsumerName", "ConsumerARN", "ConsumerCreationTimestamp")
    return {name: consumer[name] for name in kept} | {"ConsumerStatus": _status(consumer)}
