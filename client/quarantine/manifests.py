"""Deliveries that the warehouse did not take: each manifest is copied again, and merged."""

from __future__ import annotations

import gzip
import json
import zlib
from urllib.parse import urlsplit

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.loading import Loader
from client.quarantine.entries import REDRIVEN as PREFIX
from client.quarantine.entries import Entry, Quarantine
from client.quarantine.outcome import FAILED, REDRIVEN, WOULD, Outcome
from client.replay.plan import manifest
from shared.codec import BadLine, decode_record, encode_record
from shared.warehouse import StatementFailedError

CLEAN_BYTES = 64 * 1024 * 1024  # of lines that are held in memory before they are put as an object


def parse(body: bytes, key: str) -> list[tuple[str, str]]:
    """Give (bucket, key) of each object that a manifest names. Raises ClientError if it is no manifest."""
    try:
        urls = [urlsplit(entry["url"]) for entry in json.loads(body)["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{key} is not a manifest of COPY: was it put there by hand?") from error
    return [(url.netloc, url.path[1:]) for url in urls]


class Manifests:
    """Redrives deliveries. COPY again is safe: what core has already, the merge drops."""

    def __init__(self, stage: Stage, quarantine: Quarantine) -> None:
        self._quarantine, self._loader = quarantine, Loader(stage)

    def redrive(self, entry: Entry, act: bool) -> Outcome:
        """COPY the manifest as Firehose did, merge, move the manifest.

        A line that no COPY can read fails all of its delivery. Then the lines that can be read are put beside it, and
        those are copied; the bad ones are in quarantine, from the stream.
        """
        objects = parse(self._quarantine.read(entry), entry.key)
        if not act:
            return Outcome(entry.kind, entry.key, WOULD, len(objects))
        try:
            bad = self._copy(entry, objects)
            self._loader.merge()
        except StatementFailedError as error:
            return Outcome(entry.kind, entry.key, FAILED, len(objects), len(objects), str(error))
        except AwsError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            reason = "an object that it names has expired: `swipeline replay` the day from the lake"
            return Outcome(entry.kind, entry.key, FAILED, len(objects), len(objects), reason)
        self._quarantine.set_done(entry, objects=len(objects), bad_lines=bad)
        left_out = f"{bad} bad lines left out: they are among the quarantine's lines" if bad else ""
        return Outcome(entry.kind, entry.key, REDRIVEN, len(objects), reason=left_out)

    def _copy(self, entry: Entry, objects: list[tuple[str, str]]) -> int:
        """COPY; give the number of bad lines left out. Raises what the first COPY raised if no line is to blame."""
        try:
            self._loader.copy_delivered(entry.key)
        except StatementFailedError:
            keys, bad = self._cleaned(entry, objects)
            if not bad:
                raise
            if keys:
                clean = f"{PREFIX}clean/{entry.key}"
                self._quarantine.put(entry.kind, clean, manifest(self._quarantine.bucket(entry.kind), keys))
                self._loader.copy_delivered(clean)
            return bad
        return 0

    def _cleaned(self, entry: Entry, objects: list[tuple[str, str]]) -> tuple[list[str], int]:
        """Put the readable lines of a delivery under redriven/clean/; give the keys, and how many lines are not."""
        keys: list[str] = []
        lines: list[bytes] = []
        size = bad = 0
        for bucket, key in objects:
            for decoded in decode_record(_plain(self._quarantine.get(bucket, key))):
                if isinstance(decoded, BadLine):
                    bad += 1
                    continue
                lines.append(encode_record([decoded]))
                size += len(lines[-1])
                if size >= CLEAN_BYTES:
                    keys.append(self._put_clean(entry, len(keys), lines))
                    lines, size = [], 0
        if bad and lines:
            keys.append(self._put_clean(entry, len(keys), lines))
        return keys, bad

    def _put_clean(self, entry: Entry, number: int, lines: list[bytes]) -> str:
        key = f"{PREFIX}clean/{entry.key}-{number:04d}.gz"
        self._quarantine.put(entry.kind, key, gzip.compress(b"".join(lines), 6, mtime=0), "application/gzip")
        return key


def _plain(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ClientError("an object of the delivery is not gzip: was it put there by hand?") from error
