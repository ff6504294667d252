"""Repairs the lake: archives what it lacks, rewrites objects with a wrong line, and sets damaged objects aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from client.aws import Stage
from client.reconcile.differences import LAKE, Case
from client.reconcile.lake import Lake, LakeSeen
from shared.sinks.lake import CONTENT_TYPE, compressed, encoded
from shared.transaction.schema import Transaction

DAMAGED = "damaged/"  # in the lake's bucket, before the key that an object had


class LakeRepair:
    """The lake of a stage."""

    def __init__(self, stage: Stage, now: datetime) -> None:
        self._lake, self._s3, self._bucket = Lake(stage), stage.client("s3"), stage.output("LakeBucket")
        self._name, self._parts = f"transactions/ingest_date={now:%Y-%m-%d}/repair-{now:%Y%m%dT%H%M%S%fZ}", 0

    def put(self, transactions: Sequence[Transaction], cases: Mapping[str, Case], seen: LakeSeen) -> None:
        """Archive what counts, unless the lake has it beside what is wrong; then take out what is wrong."""
        wrong = {one.identity for case in cases.values() for one in case.wrong if one.store == LAKE}
        lacking = [one for one in transactions if one.transaction_id not in wrong]
        replaced = self._rewrite(wrong, cases, seen, {one.transaction_id: one for one in transactions})
        lacking += [one for one in transactions if one.transaction_id in wrong - replaced]
        if lacking:
            self._parts += 1
            body = compressed(b"".join(map(encoded, lacking)))
            self._put(f"{self._name}-{self._parts:05d}.ndjson.gz", body)

    def set_aside(self, keys: Iterable[str]) -> None:
        """Move damaged objects to damaged/: what they held has been archived from the table."""
        for key in keys:
            self._keep(key)
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def _rewrite(
        self, wrong: set[str], cases: Mapping[str, Case], seen: LakeSeen, counts: Mapping[str, Transaction]
    ) -> set[str]:
        """Put what counts in the place of each wrong line; give the ids whose line was found."""
        found: set[str] = set()
        if not wrong:
            return found
        for key, _, _ in seen.objects:
            records = list(self._lake.lines(key))
            if not any(one.identity in wrong and one.digest in _wrong(cases[one.identity]) for one in records):
                continue
            lines: list[bytes] = []
            for one in records:
                is_wrong = one.identity in wrong and one.digest in _wrong(cases[one.identity])
                found |= {one.identity} if is_wrong else set()
                content = counts[one.identity] if is_wrong else one.transaction()
                if content is not None:
                    lines.append(encoded(content))
            self._keep(key)
            self._put(key, compressed(b"".join(lines)))
        return found

    def _keep(self, key: str) -> None:
        self._s3.copy_object(Bucket=self._bucket, Key=DAMAGED + key, CopySource={"Bucket": self._bucket, "Key": key})

    def _put(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=CONTENT_TYPE)


def _wrong(case: Case) -> set[str]:
    return {one.digest for one in case.wrong if one.store == LAKE}
