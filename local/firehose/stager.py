"""One thread per delivery stream: reads the source's shards, buffers, and stores the buffer as S3 objects."""

from __future__ import annotations

import gzip
import logging
import threading
import time
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.firehose.buffer import Buffer, Chunk
from local.firehose.delivery_log import report_error
from local.firehose.metrics import DeliveryMetrics
from local.firehose.model import DeliveryStream
from local.firehose.naming import object_key
from local.firehose.processing import NotProcessedError, Processing
from local.firehose.store import Store
from local.kinesis_reader import (
    AT_TIMESTAMP,
    TRIM_HORIZON,
    Position,
    ShardGoneError,
    ShardReader,
    describe_stream,
)
from local.retry import backoff
from local.shard_limits import paced

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
IDLE_POLL_SECONDS = 0.5
IDLE_AFTER_SECONDS = 30.0
LOOK_AT_SHARDS_EVERY_SECONDS = 10.0
# Fast at level 1 is a third of the time of level 9 for a tenth more bytes.
GZIP_LEVEL = 1


class Stager(threading.Thread):
    """Runs until `stop`. What was read and not stored is read again next time."""

    def __init__(
        self, clients: Clients, store: Store, stream: DeliveryStream, stored: threading.Event, metrics: DeliveryMetrics
    ) -> None:
        super().__init__(name=f"{stream.name}/stage", daemon=True)
        self._clients = clients
        self._store = store
        self._stream = stream
        self._stored = stored
        self._metrics = metrics
        self._buffer = Buffer(stream.buffer_bytes, stream.buffer_seconds)
        self._readers: dict[str, ShardReader] = {}
        self._finished: set[str] = set()  # closed shards that were read to their end; a restart reads that end again
        self._next_look = 0.0
        self._last_record = time.time()
        self._errors = 0
        self._stopping = threading.Event()
        self._processing = Processing(clients, stream)

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            self._metrics.gauge(self._buffer.since())
            try:
                self._look_at_shards()
                found = self._read()
                self._store_due()
                self._errors = 0
                self._stopping.wait(self._pause(found))
            except (ClientError, BotoCoreError) as error:
                for role in filter(None, (self._stream.source_role_arn, self._stream.bucket_role_arn)):
                    self._clients.forget_if_stale(role, error)
                self._errors += 1
                if self._errors == 1 or self._errors % 50 == 0:
                    log.error("%s: retrying: %s", self.name, error)
                self._stopping.wait(backoff(self._errors))

    def _look_at_shards(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        source = describe_stream(self._source(), self._stream.source_arn)
        known = self._store.positions(self._stream.name)
        # A delivery stream takes its source from the moment on at which it was created; shards that come later are read
        # from their beginning.
        first = Position(TRIM_HORIZON) if known else Position(AT_TIMESTAMP, str(self._stream.starts_at))
        self._finished &= {shard.shard_id for shard in source.shards}
        for shard in source.shards:
            started = shard.shard_id in self._readers or shard.shard_id in self._finished
            if not started and not source.parents_left(shard, self._finished):
                self._start_shard(shard.shard_id, known.get(shard.shard_id, first))
        self._next_look = now + LOOK_AT_SHARDS_EVERY_SECONDS

    def _start_shard(self, shard_id: str, position: Position) -> None:
        self._store.add_shard(self._stream.name, shard_id, position)
        self._readers[shard_id] = ShardReader(self._source, self._stream.source_arn, shard_id, position)
        log.info("%s: reading %s from %s", self.name, shard_id, position)

    def _read(self) -> bool:
        found = False
        for shard_id, reader in list(self._readers.items()):
            if self._buffer.size > 2 * self._stream.buffer_bytes:
                return True
            try:
                records = reader.read().records
            except ShardGoneError as error:
                log.warning("%s: the shard is gone: %s", self.name, error)
                self._end_shard(shard_id)
                continue
            now = time.time()
            for record in records:
                self._buffer.add(shard_id, record, now)
            if reader.closed:
                log.info("%s: %s is closed and read to its end", self.name, shard_id)
                self._end_shard(shard_id)
            found = found or bool(records)
            self._metrics.read(len(records), sum(len(record.data) for record in records), caught_up=not records)
        if found:
            self._last_record = time.time()
        return found

    def _end_shard(self, shard_id: str) -> None:
        """Nothing more comes from a shard: its children may start, behind it in the buffer."""
        del self._readers[shard_id]
        self._finished.add(shard_id)
        self._next_look = 0.0

    def _store_due(self) -> None:
        while (chunk := self._buffer.take(time.time())) is not None:
            try:
                self._store_chunk(chunk, self._processing.run(chunk))
            except NotProcessedError as error:
                self._buffer.put_back(chunk)
                report_error(
                    self._clients,
                    self._stream,
                    self._stream.s3_log,
                    self._stream.bucket_role_arn,
                    "Lambda.FunctionError",
                    str(error),
                )
                self._stopping.wait(self._processing.pause)
                return
            except (ClientError, BotoCoreError) as error:
                self._buffer.put_back(chunk)
                self._metrics.not_stored()
                code = "S3.AccessDenied" if "AccessDenied" in str(error) else "S3.InternalError"
                if self._errors == 0:
                    report_error(
                        self._clients, self._stream, self._stream.s3_log, self._stream.bucket_role_arn, code, str(error)
                    )
                raise

    def _store_chunk(self, chunk: Chunk, data: list[bytes]) -> None:
        stream = self._stream
        if not data:
            self._store.passed_over(stream.name, chunk.last)
            return
        key = object_key(stream, chunk.oldest, uuid.uuid4())
        joined = b"".join(data)  # nothing between them
        body = gzip.compress(joined, GZIP_LEVEL, mtime=0) if stream.gzip else joined
        self._clients.role("s3", stream.bucket_role_arn).put_object(Bucket=stream.bucket, Key=key, Body=body)
        # Killed between these two, the records are stored again under another key; the first object is never copied.
        self._store.stored(stream.name, key, chunk.last)
        self._stored.set()
        self._metrics.stored(key, len(data), chunk.size, chunk.started_at)
        log.info("%s: %d records, %d bytes in s3://%s/%s", self.name, len(data), chunk.size, stream.bucket, key)

    def _pause(self, found: bool) -> float:
        if found:
            return paced(0.0)
        now = time.time()
        pause = IDLE_POLL_SECONDS if now - self._last_record > IDLE_AFTER_SECONDS else POLL_SECONDS
        due = self._buffer.due()
        return paced(pause if due is None else max(0.0, min(pause, due - now)))

    def _source(self) -> object:
        role = self._stream.source_role_arn
        return self._clients.role("kinesis", role) if role else self._clients.root("kinesis")
