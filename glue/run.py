"""One run of the job: what is new in the raw zone becomes Parquet, a manifest and a list of rejects."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from glue import inputs, transforms
from glue.arguments import Arguments
from glue.header import DriftError, InputError
from glue.loads import REFUSED, TRANSFORMED, Loads
from glue.manifest import manifest
from glue.storage import Storage
from shared.card_keys.ring import CardKeys

log = logging.getLogger(__name__)

MOST_TOLD = 20  # files whose refusal is told in full; all are in the table of loads


@dataclass(frozen=True)
class Outcome:
    """What a run did. ``rows`` = accepted + rejected; ``written`` = accepted - duplicates; ``refusals`` says why.

    ``oldest`` and ``newest`` are occurred_at's bounds, which the load is compared with: a COPY that read Parquet's
    timestamps in another unit would give other ones.
    """

    status: str
    reason: str = ""
    files: int = 0
    skipped_files: int = 0
    refused_files: int = 0
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    written: int = 0
    oldest: int = 0
    newest: int = 0
    manifest: str = ""
    rejects: str = ""
    earlier_runs: str = ""
    refusals: str = ""

    def numbers(self) -> dict[str, int]:
        """The counts, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def texts(self) -> dict[str, str]:
        """The other attributes but the status, by name, as far as there are any."""
        return {
            name: value for name, value in vars(self).items() if isinstance(value, str) and value and name != "status"
        }


class Job:
    """The job and what it needs of AWS: S3 and DynamoDB clients, a Spark session, the stage's card keys."""

    def __init__(self, spark: SparkSession, s3: Any, loads: Loads, card_keys: CardKeys, arguments: Arguments) -> None:
        self._spark, self._s3, self._loads, self._keys = spark, s3, loads, card_keys
        self._arguments = arguments
        self._storage = Storage(spark, arguments.s3_mount)

    def run(self) -> Outcome:
        """Run, and note the outcome. Input that cannot be loaded is an outcome, too: trying again would not mend it.

        A run that is tried again writes the same again, in place of what it wrote before.
        """
        try:
            outcome = self._transform()
        except InputError as error:
            outcome = Outcome(REFUSED, str(error))
        self._loads.tell(self._arguments.run_id, outcome.status, outcome.numbers(), outcome.texts())
        return outcome

    def _transform(self) -> Outcome:
        objects = inputs.find(self._s3, self._arguments.raw_path)
        new, earlier = self._loads.not_loaded(objects)
        headers, wrong = self._headers(new)
        new = [item for item in new if item.url in headers]
        left = Outcome(
            TRANSFORMED,
            skipped_files=len(objects) - len(new) - len(wrong),
            refused_files=len(wrong),
            refusals=_told(wrong),
            earlier_runs="" if new else " ".join(earlier),
        )
        if not new:
            return left
        self._loads.take(self._arguments.run_id, new)
        lines = transforms.lines_of(self._spark, map(self._storage.path, headers))
        rows = transforms.parsed(lines, headers, self._keys, self._arguments.s3_mount)
        rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            return self._write(rows, replace(left, files=len(new)))
        finally:
            rows.unpersist()

    def _headers(self, new: list[inputs.RawObject]) -> tuple[dict[str, list[str]], dict[str, str]]:
        """Read the headers. One file that has drifted ends its own run; among others it is refused, once, and left out.

        Raises DriftError.
        """
        run_id, several = self._arguments.run_id, self._arguments.raw_path.endswith("/")
        if several:
            new = self._loads.not_refused(run_id, new)
        headers, wrong = inputs.headers(self._s3, new)
        self._loads.refuse(run_id, [item for item in new if item.url in wrong], wrong)
        if wrong and not several:
            raise DriftError(_told(wrong))
        return headers, wrong

    def _write(self, rows: DataFrame, outcome: Outcome) -> Outcome:
        told = transforms.counts(rows)
        rejects = self._write_rejects(rows) if told.rejected else ""
        written, address = self._write_accepted(rows, told.accepted) if told.accepted else (0, "")
        return replace(
            outcome,
            rows=told.accepted + told.rejected,
            accepted=told.accepted,
            rejected=told.rejected,
            duplicates=told.accepted - written,
            written=written,
            oldest=told.oldest,
            newest=told.newest,
            manifest=address,
            rejects=rejects,
        )

    def _write_accepted(self, rows: DataFrame, count: int) -> tuple[int, str]:
        target = f"{self._arguments.output_path}run={self._arguments.run_id}/"
        good = transforms.accepted(rows)
        if transforms.has_duplicates(good):
            good = transforms.deduplicated(good)
            count = good.count()
        cut = transforms.by_month(good, count)
        cut.write.partitionBy(transforms.MONTH).mode("overwrite").parquet(self._storage.path(target))
        address = f"{self._arguments.manifest_path}{self._arguments.run_id}.manifest"
        self._storage.write(address, manifest(self._storage.files(target)))
        return count, address

    def _write_rejects(self, rows: DataFrame) -> str:
        target = f"{self._arguments.rejects_path}run={self._arguments.run_id}/"
        found = transforms.rejected(rows)
        found.coalesce(1).sortWithinPartitions("file", "line").write.mode("overwrite").json(self._storage.path(target))
        return target


def _told(wrong: dict[str, str]) -> str:
    """Give the findings of several files as one text that an alarm can carry."""
    more = f". And {len(wrong) - MOST_TOLD} other files" if len(wrong) > MOST_TOLD else ""
    return ". ".join(list(wrong.values())[:MOST_TOLD]) + more
