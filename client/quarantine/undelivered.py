"""Records that Firehose gave up on, since check-delivery failed: checked here, and copied into the warehouse."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable

from client.aws import Stage
from client.errors import ClientError
from client.loading import Loader
from client.quarantine.entries import Entry, Quarantine
from client.quarantine.manifests import manifest_of
from client.quarantine.outcome import FAILED, REDRIVEN, STILL_BAD, WOULD, Outcome
from fraud.serving.alert_line import decode_alert
from shared.transaction.codec import BadLine, decode_line, split_record
from shared.warehouse.data_api import StatementFailedError


def parse(body: bytes, key: str) -> list[bytes]:
    """Give the records of an object that Firehose put. Raises ClientError if it is none."""
    try:
        return [base64.b64decode(json.loads(line)["rawData"], validate=True) for line in body.splitlines() if line]
    except (ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{key} is not an object of Firehose's: it may have been put there by hand.") from error


class Undelivered:
    """Redrives such records. COPY again is safe: what core has already, the merge drops."""

    def __init__(self, stage: Stage, quarantine: Quarantine) -> None:
        self._quarantine, self._loader = quarantine, Loader(stage)
        self._s3, self._bucket = stage.client("s3"), stage.output("DeliveryBucket")
        self._alert_delivery = stage.output("AlertDeliveryStreamName")

    def redrive(self, entry: Entry, act: bool) -> Outcome:
        """COPY the lines that can be read, merge, move the entry. The others are quarantined already."""
        of_alerts = entry.key.rsplit("/", 1)[-1].startswith(self._alert_delivery)
        decode: Callable[[bytes], object] = decode_alert if of_alerts else decode_line
        lines = [line for record in parse(self._quarantine.read(entry), entry.key) for line in split_record(record)]
        good = [line for line in lines if not isinstance(decode(line), BadLine)]
        bad = len(lines) - len(good)
        if not good:
            return Outcome(entry.kind, entry.key, STILL_BAD, len(lines), bad, "no line of it can be read")
        if not act:
            return Outcome(entry.kind, entry.key, WOULD, len(lines), bad)
        folder = "alerts" if of_alerts else "transactions"
        key = f"{folder}/{entry.key}.gz"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=gzip.compress(b"\n".join([*good, b""]), mtime=0))
        manifest = f"manifests/{entry.key}"
        self._s3.put_object(Bucket=self._bucket, Key=manifest, Body=manifest_of([f"s3://{self._bucket}/{key}"]))
        try:
            self._loader.copy_delivered(manifest, folder)
            self._loader.merge()
        except StatementFailedError as error:
            return Outcome(entry.kind, entry.key, FAILED, len(lines), len(lines), str(error))
        self._quarantine.move(entry, lines=len(good))
        return Outcome(entry.kind, entry.key, REDRIVEN, len(lines), bad)
