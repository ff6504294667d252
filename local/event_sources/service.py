"""Finds the Kinesis event source mappings and keeps one worker per mapping and shard running.

It drives the mappings that are enabled: the emulator's own poller of Kinesis is switched off (local/mappings.py).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.event_sources.model import Mapping, UnsupportedMappingError, is_kinesis, parse_mapping
from local.event_sources.worker import OK, Services, ShardWorker, cannot_read
from local.kinesis_reader import AT_TIMESTAMP, TRIM_HORIZON, Position, StreamInfo, describe_stream

log = logging.getLogger(__name__)

LOOK_AT_SHARDS_EVERY_SECONDS = 10.0
ON = ("Enabled", "Enabling", "Updating")


@dataclass
class Runner:
    """A mapping that is being driven."""

    mapping: Mapping
    next_look: float = 0.0
    state: tuple[str, str] = ("", "")
    workers: dict[str, ShardWorker] = field(default_factory=dict)

    def stop(self) -> None:
        for worker in self.workers.values():
            worker.stop()

    @property
    def stopped(self) -> bool:
        return not any(worker.is_alive() for worker in self.workers.values())


class EventSources:
    """Call `tick` again and again; nothing in it blocks for long."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._runners: dict[str, Runner] = {}
        self._refused: dict[str, str] = {}
        self._off: set[str] = set()
        self._leaving: list[Runner] = []

    def tick(self) -> None:
        """Look for new, changed and deleted mappings and for new shards. An emulator that is down is waited for."""
        try:
            mappings = self._list()
        except (ClientError, BotoCoreError) as error:
            log.warning("Cannot list the event source mappings, retrying: %s", error)
            return
        for uuid in set(self._runners) - set(mappings):
            log.info("%s: the mapping is gone", self._runners[uuid].mapping.function_name)
            self._leave(uuid)
        for mapping in mappings.values():
            runner = self._runners.get(mapping.uuid)
            if runner is not None and runner.mapping != mapping:
                log.info("%s: the mapping has changed", mapping.function_name)
                self._leave(mapping.uuid)
                runner = None
            if runner is None and not self._is_leaving(mapping.uuid):
                runner = self._runners[mapping.uuid] = Runner(mapping)
                self._services.checkpoints.report_mapping(mapping.uuid, mapping.function_name, "Starting")
                log.info("%s: driving mapping %s: %s", mapping.function_name, mapping.uuid, mapping.rules)
            if runner is not None:
                self._look_after(runner)
        self._leaving = [runner for runner in self._leaving if not runner.stopped]
        self._services.checkpoints.keep_only([*mappings, *self._refused, *self._off])
        self._services.metrics.send_if_due()

    def stop(self, stop_seconds: float) -> None:
        """Stop all workers and wait for their running invocations, so that less is processed twice."""
        for uuid in list(self._runners):
            self._leave(uuid)
        deadline = time.monotonic() + stop_seconds
        for runner in self._leaving:
            for worker in runner.workers.values():
                worker.join(max(0.0, deadline - time.monotonic()))

    def _list(self) -> dict[str, Mapping]:
        found: dict[str, Mapping] = {}
        refused: dict[str, str] = {}
        client = self._services.clients.root("lambda")
        self._off = set()
        for page in client.get_paginator("list_event_source_mappings").paginate():
            for api in filter(is_kinesis, page["EventSourceMappings"]):
                if api.get("State") not in ON:
                    self._off.add(api["UUID"])
                    function_name = api["FunctionArn"].split(":")[6]
                    self._services.checkpoints.report_mapping(api["UUID"], function_name, "Disabled", "switched off")
                    continue
                try:
                    found[api["UUID"]] = parse_mapping(api)
                except UnsupportedMappingError as error:
                    refused[api["UUID"]] = str(error)
                    if self._refused.get(api["UUID"]) != str(error):
                        log.error("%s: mapping %s is refused: %s", api["FunctionArn"], api["UUID"], error)
                        function_name = api["FunctionArn"].split(":")[6]
                        self._services.checkpoints.report_mapping(api["UUID"], function_name, "Refused", str(error))
        self._refused = refused
        return found

    def _look_after(self, runner: Runner) -> None:
        ended = [worker for worker in runner.workers.values() if not worker.is_alive()]
        for worker in ended:
            del runner.workers[worker.shard_id]
        now = time.monotonic()
        if now < runner.next_look and not ended:
            return
        runner.next_look = now + LOOK_AT_SHARDS_EVERY_SECONDS
        mapping = runner.mapping
        try:
            self._start_workers(runner)
            state = ("Running", "")
        except (ClientError, BotoCoreError) as error:
            runner.next_look = now
            state = ("Waiting", str(error))
            self._services.checkpoints.report_result(mapping.uuid, cannot_read(mapping.stream_arn))
        if state[0] == "Running" and runner.state[0] == "Waiting":
            self._services.checkpoints.report_result(mapping.uuid, OK)
        if state != runner.state:
            runner.state = state
            self._services.checkpoints.report_mapping(mapping.uuid, mapping.function_name, *state)
            log.log(logging.ERROR if state[1] else logging.INFO, "%s: %s %s", mapping.function_name, *state)

    def _start_workers(self, runner: Runner) -> None:
        mapping, services = runner.mapping, self._services
        function: dict[str, Any] = services.clients.root("lambda").get_function_configuration(
            FunctionName=mapping.function_arn
        )
        role_arn = str(function["Role"])
        try:
            stream = describe_stream(services.clients.role("kinesis", role_arn), mapping.stream_arn)
        except ClientError as error:
            services.clients.forget_if_stale(role_arn, error)
            raise
        self._note_new_shards(mapping, stream)
        # Whatever a mapping allows, a record is retried no longer than the stream keeps it.
        age = min(mapping.rules.max_age_seconds or stream.retention_seconds, stream.retention_seconds)
        bounded = replace(mapping, rules=replace(mapping.rules, max_age_seconds=age))
        known = services.checkpoints.shards(mapping.uuid)
        finished = {shard_id for shard_id, state in known.items() if state.finished} - set(runner.workers)
        for shard in stream.shards:
            state = known[shard.shard_id]
            if shard.shard_id in runner.workers or state.finished or stream.parents_left(shard, finished):
                continue
            worker = ShardWorker(services, bounded, role_arn, shard.shard_id, state.position)
            runner.workers[shard.shard_id] = worker
            worker.start()
            log.info("%s: reading from %s", worker.name, state.position)

    def _note_new_shards(self, mapping: Mapping, stream: StreamInfo) -> None:
        # The starting position holds for the shards there are when the mapping is first seen; shards that come out of
        # a reshard later are read from their beginning. LATEST is fixed to that moment at once: a restart before the
        # first record must not move it.
        first_time = not self._services.checkpoints.shards(mapping.uuid)
        if not first_time or mapping.starting_position == TRIM_HORIZON:
            position = Position(TRIM_HORIZON)
        elif mapping.starting_position == AT_TIMESTAMP:
            position = Position(AT_TIMESTAMP, str(mapping.starting_timestamp))
        else:
            position = Position(AT_TIMESTAMP, str(time.time()))
        for shard in stream.shards:
            self._services.checkpoints.add(mapping.uuid, shard.shard_id, position)
        self._services.checkpoints.forget_shards(mapping.uuid, [shard.shard_id for shard in stream.shards])

    def _leave(self, uuid: str) -> None:
        runner = self._runners.pop(uuid)
        runner.stop()
        self._leaving.append(runner)

    def _is_leaving(self, uuid: str) -> bool:
        return any(runner.mapping.uuid == uuid and not runner.stopped for runner in self._leaving)
