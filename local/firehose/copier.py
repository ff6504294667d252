"""One thread per delivery stream: copies stored objects into Redshift, one COPY after the other, and gives up in time.

Like Firehose: as soon as one COPY has ended the next takes all the objects that came together meanwhile; a COPY that
fails is repeated until the retry duration is over; then its manifest is put under errors/manifests/ and the next one
continues. Firehose repeats every five minutes; here it is seconds, doubling up to 30.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from local.clients import Clients
from local.firehose.copy_command import copy_sql, error_code
from local.firehose.delivery_log import report_error
from local.firehose.metrics import DeliveryMetrics
from local.firehose.model import DeliveryStream
from local.firehose.naming import error_manifest_key, manifest_body, manifest_key
from local.firehose.store import Copy, Store
from local.retry import backoff

log = logging.getLogger(__name__)

MOST_SECONDS_BETWEEN_TRIES = 30.0
LONGEST_COPY_SECONDS = 1800.0
LOOK_EVERY_SECONDS = 1.0


class CopyFailedError(Exception):
    """Redshift ran the COPY and refused it (`definite`), or it could not be asked."""

    def __init__(self, message: str, *, definite: bool) -> None:
        super().__init__(message)
        self.definite = definite


class Copier(threading.Thread):
    """Runs until `stop`. A COPY that was running is looked up again next time by its statement id."""

    def __init__(
        self, clients: Clients, store: Store, stream: DeliveryStream, stored: threading.Event, metrics: DeliveryMetrics
    ) -> None:
        super().__init__(name=f"{stream.name}/copy", daemon=True)
        self._clients = clients
        self._store = store
        self._stream = stream
        self._stored = stored
        self._metrics = metrics
        self._errors = 0
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._stored.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                copied = self._copy_next()
                self._errors = 0
            except (ClientError, BotoCoreError) as error:
                # Not Redshift but the bucket: nothing is given up for that.
                self._clients.forget_if_stale(self._stream.bucket_role_arn, error)
                self._errors += 1
                log.error("%s: retrying: %s", self.name, error)
                self._stopping.wait(backoff(self._errors))
                continue
            if not copied:
                self._stored.wait(LOOK_EVERY_SECONDS)
                self._stored.clear()

    def _copy_next(self) -> bool:
        """Bring the current or next COPY to its end; False when there is none."""
        name, now = self._stream.name, time.time()
        copy = self._store.current_copy(name) or self._store.begin_copy(
            name, manifest_key(self._stream, now, uuid.uuid4()), str(uuid.uuid4()), now
        )
        if copy is None:
            return False
        self._put(copy.manifest, manifest_body(self._stream.bucket, copy.keys))
        tries = 0
        while not self._stopping.is_set():
            try:
                if not self._run(copy):
                    return True
            except CopyFailedError as error:
                tries += 1
                self._metrics.not_copied()
                if error.definite:
                    self._store.failed_once(copy.manifest)
                copy = self._store.current_copy(name) or copy
                if self._give_up(copy, tries, str(error)):
                    return True
                continue
            self._store.end_copy(copy.manifest)
            self._metrics.copied(copy.keys)
            log.info("%s: copied %d objects, manifest %s", self.name, len(copy.keys), copy.manifest)
            return True
        return True

    def _give_up(self, copy: Copy, tries: int, message: str) -> bool:
        """After a failed attempt: wait for the next one, or put the manifest aside once the retry duration is over."""
        stream = self._stream
        report_error(self._clients, stream, stream.copy_log, stream.role_arn, error_code(message), message)
        wait = backoff(tries, MOST_SECONDS_BETWEEN_TRIES)
        if time.time() + wait < copy.started_at + stream.retry_seconds:
            self._stopping.wait(wait)
            return False
        key = error_manifest_key(stream, copy.manifest)
        self._put(key, manifest_body(stream.bucket, copy.keys))
        self._store.end_copy(copy.manifest)
        self._metrics.given_up(copy.keys)
        log.error("%s: gave up %d objects, see s3://%s/%s", self.name, len(copy.keys), stream.bucket, key)
        return True

    def _run(self, copy: Copy) -> bool:
        """One attempt. False when stopped before its end. Raises CopyFailedError.

        A COPY whose outcome is unknown, since Redshift could not be reached, is not a new one the next time: its
        statement is asked for again, or it is sent again with the same token.
        """
        try:
            return self._wait(copy.statement_id or self._execute(copy))
        except ClientError as error:
            self._clients.forget_if_stale(self._stream.secret_role_arn, error)
            raise CopyFailedError(str(error), definite=True) from error
        except BotoCoreError as error:
            raise CopyFailedError(str(error), definite=False) from error

    def _execute(self, copy: Copy) -> str:
        stream = self._stream
        secret = {}
        if stream.secret_arn is not None:
            # Firehose reads the user and password itself, with the role of the configuration: without the permission
            # there is no connection. The Data API reads them again, and logs in as that user, with its rights alone.
            self._clients.role("secretsmanager", stream.secret_role_arn).get_secret_value(SecretId=stream.secret_arn)
            secret = {"SecretArn": stream.secret_arn}
        answer = self._clients.root("redshift-data").execute_statement(
            WorkgroupName=stream.workgroup,
            Database=stream.database,
            Sql=copy_sql(stream, copy.manifest),
            StatementName=f"firehose {stream.name}",
            ClientToken=f"{copy.token}-{copy.attempts}",
            **secret,
        )
        self._store.executing(copy.manifest, answer["Id"])
        return str(answer["Id"])

    def _wait(self, statement: str) -> bool:
        client = self._clients.root("redshift-data")
        deadline = time.monotonic() + LONGEST_COPY_SECONDS
        pause = 0.05
        while not self._stopping.is_set():
            answer = client.describe_statement(Id=statement)
            if answer["Status"] == "FINISHED":
                return True
            if answer["Status"] in ("FAILED", "ABORTED"):
                message = answer.get("Error") or f"statement {statement} is {answer['Status']}"
                raise CopyFailedError(message, definite=True)
            if time.monotonic() > deadline:
                client.cancel_statement(Id=statement)
                raise CopyFailedError(f"cancelled after {LONGEST_COPY_SECONDS:.0f} s", definite=True)
            self._stopping.wait(pause)
            pause = min(1.0, pause * 1.5)
        return False

    def _put(self, key: str, body: bytes) -> None:
        self._clients.role("s3", self._stream.bucket_role_arn).put_object(
            Bucket=self._stream.bucket, Key=key, Body=body, ContentType="application/json"
        )
