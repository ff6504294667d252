"""Sends a chunk's records through the delivery stream's function, and sets aside what it fails on."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.firehose.buffer import Chunk
from local.firehose.model import DeliveryStream, Processor
from local.firehose.naming import processing_failed_key
from local.firehose.transform import (
    DROPPED,
    FAILED,
    BadAnswerError,
    Source,
    build_event,
    failed_line,
    portions,
    read_answer,
)
from local.retry import backoff

log = logging.getLogger(__name__)


class NotProcessedError(Exception):
    """The function could not be asked, or failed: the chunk is tried again."""


class Processing:
    """Keeps count of a chunk's failures in a row: past the retries, its records go to processing-failed/."""

    def __init__(self, clients: Clients, stream: DeliveryStream) -> None:
        self._clients, self._stream = clients, stream
        self._failures = 0

    def run(self, chunk: Chunk) -> list[bytes]:
        """The data to store. Raises NotProcessedError; ClientError, BotoCoreError when S3 takes no failed records."""
        processor = self._stream.processor
        if processor is None:
            return [source.record.data for source in chunk.records]
        done: list[bytes] = []
        failed: list[bytes] = []
        for portion in portions(chunk.records, processor.most_bytes):
            try:
                results = self._invoke(processor, portion)
            except (ClientError, BotoCoreError, BadAnswerError) as error:
                self._clients.forget_if_stale(processor.role_arn, error)
                self._failures += 1
                if self._failures <= processor.retries:
                    raise NotProcessedError(f"{processor.function_arn}: {error}") from error
                results = [(FAILED, b"")] * len(portion)
                log.error("%s: gave up %d records: %s", self._stream.name, len(portion), error)
            for source, (result, data) in zip(portion, results, strict=True):
                if result == FAILED:
                    failed.append(
                        failed_line(
                            source,
                            processor.function_arn,
                            self._failures,
                            "Lambda.FunctionError",
                            "The function failed, or says so of the record",
                            time.time(),
                        )
                    )
                elif result != DROPPED:
                    done.append(data)
        if failed:
            self._set_aside(failed)
        self._failures = 0
        return done

    @property
    def pause(self) -> float:
        """How long to wait before the next try."""
        return backoff(self._failures)

    def _invoke(self, processor: Processor, portion: Sequence[Source]) -> list[tuple[str, bytes]]:
        answer = self._clients.role("lambda", processor.role_arn).invoke(
            FunctionName=processor.function_arn,
            InvocationType="RequestResponse",
            Payload=build_event(self._stream, str(uuid.uuid4()), portion),
        )
        payload: bytes = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise BadAnswerError(f"the function failed: {payload[:300].decode(errors='replace')}")
        return read_answer(payload, portion)

    def _set_aside(self, lines: Sequence[bytes]) -> None:
        stream = self._stream
        key = processing_failed_key(stream, time.time(), uuid.uuid4())
        self._clients.role("s3", stream.bucket_role_arn).put_object(
            Bucket=stream.bucket, Key=key, Body=b"".join(lines), ContentType="application/json"
        )
