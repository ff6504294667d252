"""Finds the delivery streams and keeps a stager and a copier per stream running."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.firehose.copier import Copier
from local.firehose.metrics import DeliveryMetrics
from local.firehose.model import DeliveryStream, UnsupportedStreamError, parse_stream
from local.firehose.stager import Stager
from local.firehose.store import Store
from local.metric_sender import MetricSender

log = logging.getLogger(__name__)


@dataclass
class Runner:
    """A delivery stream that is being run."""

    stream: DeliveryStream
    threads: tuple[Stager | Copier, ...]

    def stop(self) -> None:
        for thread in self.threads:
            thread.stop()

    def join(self, deadline: float) -> None:
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def alive(self) -> int:
        return sum(thread.is_alive() for thread in self.threads)


class DeliveryStreams:
    """Call `tick` again and again; nothing in it blocks for long."""

    def __init__(self, clients: Clients, store: Store) -> None:
        self._clients = clients
        self._store = store
        self._sender = MetricSender(clients, "AWS/Firehose")
        self._runners: dict[str, Runner] = {}
        self._leaving: list[Runner] = []
        self._refused: dict[str, str] = {}

    def tick(self) -> None:
        """Look for new, changed and deleted delivery streams. An emulator that is down is waited for."""
        self._sender.send_if_due()
        try:
            streams = self._list()
        except (ClientError, BotoCoreError) as error:
            log.warning("Cannot list the delivery streams, retrying: %s", error)
            return
        for name, runner in list(self._runners.items()):
            if streams.get(name) != runner.stream:
                log.info("%s: the delivery stream has changed or is gone", name)
                self._leave(name)
            elif runner.alive < len(runner.threads):
                log.error("%s: a thread died, restarting", name)
                self._leave(name)
        self._leaving = [runner for runner in self._leaving if runner.alive]
        for name, stream in streams.items():
            if name not in self._runners and not any(runner.stream.name == name for runner in self._leaving):
                self._start(stream)
        self._store.keep_only([*streams, *self._refused])

    def stop(self, stop_seconds: float) -> None:
        """Stop all threads and wait a little for them."""
        for name in list(self._runners):
            self._leave(name)
        deadline = time.monotonic() + stop_seconds
        for runner in self._leaving:
            runner.join(deadline)

    def _start(self, stream: DeliveryStream) -> None:
        stored = threading.Event()
        metrics = DeliveryMetrics(self._sender, stream.name)
        threads = (
            Stager(self._clients, self._store, stream, stored, metrics),
            Copier(self._clients, self._store, stream, stored, metrics),
        )
        self._runners[stream.name] = Runner(stream, threads)
        self._store.report(stream.name, "Running")
        log.info("%s: version %s, into %s.%s", stream.name, stream.version, stream.database, stream.table)
        for thread in threads:
            thread.start()

    def _leave(self, name: str) -> None:
        runner = self._runners.pop(name)
        runner.stop()
        self._leaving.append(runner)

    def _list(self) -> dict[str, DeliveryStream]:
        found: dict[str, DeliveryStream] = {}
        refused: dict[str, str] = {}
        client = self._clients.root("firehose")
        start: dict[str, str] = {}
        while True:
            page = client.list_delivery_streams(**start)
            for name in page["DeliveryStreamNames"]:
                try:
                    found[name] = parse_stream(describe(client, name))
                except UnsupportedStreamError as error:
                    refused[name] = str(error)
                    if self._refused.get(name) != str(error):
                        log.error("%s: refused: %s", name, error)
                        self._store.report(name, "Refused", str(error))
            if not page["HasMoreDeliveryStreams"]:
                break
            start = {"ExclusiveStartDeliveryStreamName": page["DeliveryStreamNames"][-1]}
        self._refused = refused
        return found


def describe(client: Any, name: str) -> dict[str, Any]:
    """DescribeDeliveryStream's description.

    MiniStack answers a Redshift destination's S3 part under the name it has in the request, which the SDK drops as
    unknown: it is given AWS's name before the SDK reads the answer.
    """
    event = "before-parse.firehose.DescribeDeliveryStream"
    client.meta.events.register(event, _rename_s3_configuration, unique_id="rename-s3-configuration")
    return dict(client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"])


def _rename_s3_configuration(response_dict: dict[str, Any], **_: object) -> None:
    body = json.loads(response_dict["body"])
    for destination in (body.get("DeliveryStreamDescription") or {}).get("Destinations", []):
        redshift = destination.get("RedshiftDestinationDescription") or {}
        if "S3Configuration" in redshift:
            redshift.setdefault("S3DestinationDescription", redshift.pop("S3Configuration"))
    response_dict["body"] = json.dumps(body).encode()
