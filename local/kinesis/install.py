"""Puts the operations in the place of MiniStack's, and keeps what CloudFormation and the other operations change.

MiniStack 1.5.33 has a stream's records in memory, where they stay, and deletes a shard that is split or merged together
with its records. The records and the shards are the store's here; MiniStack keeps tags and policies.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from local.cloudwatch.replacing import replace
from local.kinesis import shards, upgrade
from local.kinesis.consumers import Consumers
from local.kinesis.describing import Describing
from local.kinesis.reading import Reading
from local.kinesis.resharding import Resharding
from local.kinesis.store import DamagedStoreError, Store, check
from local.kinesis.streams import RefusedError, Streams
from local.kinesis.subscriptions import Subscriptions
from local.kinesis.writing import Writing

FILE = "kinesis.sqlite"
_CREATED, _CONSUMER = "AWS::Kinesis::Stream", "AWS::Kinesis::StreamConsumer"
# Operations of MiniStack that change a stream's description only.
_DESCRIPTION = (
    "_add_tags",
    "_remove_tags",
    "_increase_retention",
    "_decrease_retention",
    "_start_stream_encryption",
    "_stop_stream_encryption",
    "_enable_enhanced_monitoring",
    "_disable_enhanced_monitoring",
)

Answer = tuple[int, Any, bytes]
Operation = Callable[[dict[str, Any]], dict[str, Any]]
ON_DEMAND_SHARDS = 4


class Kinesis:
    """The embedded Kinesis; `install` once, before MiniStack serves."""

    def __init__(self, kinesis: Any, folder: Path) -> None:
        """Check and open the store. Raises DamagedStoreError."""
        self._kinesis = kinesis
        path = folder / FILE
        self._existed = path.exists() and path.stat().st_size > 0
        if self._existed:
            check(path)
        self.store = Store(path)
        self.streams = Streams(kinesis, self.store)
        self.writing, self.reading = Writing(self.streams), Reading(self.streams)
        self._describing, self._resharding = Describing(self.streams), Resharding(self.streams)
        self.consumers = Consumers(self.streams)
        self.subscriptions = Subscriptions(self.streams, self.consumers, self.reading)

    def install(self, handlers: dict[str, Any]) -> None:
        """Replace MiniStack's functions; `handlers` are CloudFormation's. Raises AttributeError where one is gone."""
        for name, operation in {
            "_put_record": self.writing.put_record,
            "_put_records": self.writing.put_records,
            "_get_shard_iterator": self.reading.get_shard_iterator,
            "_get_records": self.reading.get_records,
            "_describe_stream": self._describing.describe_stream,
            "_describe_stream_summary": self._describing.describe_stream_summary,
            "_list_shards": self._describing.list_shards,
            "_split_shard": self._resharding.split_shard,
            "_merge_shards": self._resharding.merge_shards,
            "_update_shard_count": self._resharding.update_shard_count,
            "_register_consumer": self.consumers.register,
            "_deregister_consumer": self.consumers.deregister,
            "_list_consumers": self.consumers.list_consumers,
            "_describe_stream_consumer": self.consumers.describe,
        }.items():
            replace(self._kinesis, name, self._answering(operation))
        for name in _DESCRIPTION:
            replace(self._kinesis, name, self._saving(getattr(self._kinesis, name)))
        replace(self._kinesis, "put_record_internal", self.writing.put_internal)
        replace(self._kinesis, "_create_stream", self._creating(self._kinesis._create_stream))
        replace(self._kinesis, "_delete_stream", self._deleting(self._kinesis._delete_stream))
        replace(self._kinesis, "_subscribe_to_shard", self._subscribing)
        replace(self._kinesis, "_build_shards", shards.new_shards)
        replace(self._kinesis, "_expire_records", lambda stream: None)
        replace(self._kinesis, "handle_request", self._with_stream_mode(self._kinesis.handle_request))
        made = handlers[_CREATED]
        handlers[_CREATED] = made | {
            "create": self._made(made["create"]),
            "update": self._updated(made["update"]),
            "delete": self._removed(made["delete"]),
        }
        handlers[_CONSUMER] = self.consumers.resource()

    def load(self, saved: dict[str, Any]) -> None:
        """Take the store's streams; `saved` is MiniStack's last state. Raises DamagedStoreError."""
        known = dict(self.store.streams())
        before = saved.get("streams")
        for scope, stream in (before._data if before is not None else {}).items():
            if upgrade.is_old(stream):
                if scope not in known:
                    known[scope] = upgrade.take_over(self.store, scope, stream)
            elif scope not in known and not self._existed:
                raise DamagedStoreError(f"{self.store.path} is missing: the records of stream {scope[2]} were in it")
        restore = self._kinesis._restore_state
        replace(
            self._kinesis,
            "load_persisted_state",
            lambda data: restore({**(data or {}), "streams": {}, "consumers": {}}),
        )
        for scope, stream in known.items():
            self._kinesis._streams.set_scoped(*scope, stream)
            self.consumers.load(*scope[:2], stream)

    def _answering(self, operation: Operation) -> Callable[[dict[str, Any]], Answer]:
        content_type = {"Content-Type": self._kinesis.json_response({})[1]["Content-Type"]}

        def answer(data: dict[str, Any]) -> Answer:
            try:
                return 200, dict(content_type), orjson.dumps(operation(data))
            except RefusedError as error:
                refusal: Answer = self._kinesis.error_response_json(error.code, str(error), error.status)
                return refusal

        return answer

    def _saving(self, change: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
        def changed(data: dict[str, Any]) -> Answer:
            answer = change(data)
            if answer[0] == 200:
                scope, stream = self.streams.find(data)
                self.streams.save(scope, stream)
            return answer

        return changed

    def _creating(self, create: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
        saving = self._saving(create)

        def created(data: dict[str, Any]) -> Answer:
            on_demand = (data.get("StreamModeDetails") or {}).get("StreamMode") == "ON_DEMAND"
            return saving({**data, "ShardCount": ON_DEMAND_SHARDS} if on_demand else data)

        return created

    def _deleting(self, delete: Callable[[dict[str, Any]], Answer]) -> Callable[[dict[str, Any]], Answer]:
        def deleted(data: dict[str, Any]) -> Answer:
            _, stream = self._kinesis._resolve_stream(data)
            if stream and not data.get("EnforceConsumerDeletion") and self.consumers.of(stream):
                refusal: Answer = self._kinesis.error_response_json(
                    "ResourceInUseException",
                    f"Stream {stream['StreamName']} has registered consumers; set EnforceConsumerDeletion to delete it",
                    400,
                )
                return refusal
            answer = delete(data)
            if answer[0] == 200:
                self.streams.delete(self.streams.scope(stream), stream)
            return answer

        return deleted

    def _subscribing(self, data: dict[str, Any], is_cbor: bool) -> Any:
        try:
            return self.subscriptions.subscribe(data, is_cbor)
        except RefusedError as error:
            return self._kinesis.error_response_json(error.code, str(error), error.status)

    def _with_stream_mode(self, handle: Any) -> Any:
        """MiniStack has no UpdateStreamMode."""
        update = self._answering(self._resharding.update_stream_mode)

        async def handled(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
            if headers.get("x-amz-target", "").endswith(".UpdateStreamMode"):
                return update(orjson.loads(body or b"{}"))
            return await handle(method, path, headers, body, query_params)

        return handled

    def _made(self, create: Callable[..., Any]) -> Callable[..., Any]:
        def created(logical_id: str, props: Any, stack_name: str) -> Any:
            # MiniStack replaces a stream that exists already, e.g. of a stack whose deployment was killed.
            before = self._kinesis._streams.get(props.get("Name"))
            answer = create(logical_id, props, stack_name)
            if before:
                self.streams.delete(self.streams.scope(before), before)
            self.streams.find({"StreamName": answer[0]})
            return answer

        return created

    def _updated(self, update: Callable[..., Any]) -> Callable[..., Any]:
        def updated(physical_id: str, old_props: Any, new_props: Any, stack_name: str) -> Any:
            answer = update(physical_id, old_props, new_props, stack_name)
            scope, stream = self.streams.find({"StreamName": answer[0]})
            self.streams.save(scope, stream)
            count = new_props.get("ShardCount")
            if answer[0] == physical_id and count and int(count) != int(old_props.get("ShardCount") or 0):
                self._resharding.scale_to(scope, stream, int(count))
            return answer

        return updated

    def _removed(self, delete: Callable[..., Any]) -> Callable[..., Any]:
        def removed(physical_id: str, props: Any) -> Any:
            stream = self._kinesis._streams.get(physical_id)
            answer = delete(physical_id, props)
            if stream:
                self.streams.delete(self.streams.scope(stream), stream)
            return answer

        return removed


def install(folder: Path) -> Kinesis:
    """Put the embedded Kinesis in place of MiniStack's, with what it stored before. Raises DamagedStoreError."""
    from ministack.core import iam_actions, persistence
    from ministack.services import kinesis, lambda_svc
    from ministack.services.cloudformation import provisioners

    embedded = Kinesis(kinesis, folder)
    embedded.load(persistence.load_state("kinesis") or {})
    embedded.install(provisioners._RESOURCE_HANDLERS)
    embedded.consumers.let_mappings_name_them(lambda_svc)
    replace(iam_actions, "extract_resource_arn", _consumers_named(iam_actions.extract_resource_arn))
    return embedded


def _consumers_named(extract: Callable[..., str]) -> Callable[..., str]:
    """MiniStack asks IAM for `*` where a request names a consumer; policies name its ARN."""

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        found = extract(service, method, path, headers, body, *rest)
        if service != "kinesis" or found != "*":
            return found
        try:
            return str(orjson.loads(body or b"{}").get("ConsumerARN") or found)
        except (ValueError, AttributeError):
            return found

    return extract_resource_arn
