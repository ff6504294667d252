"""A small file by the batch path: raw zone, crawler, Spark, COPY, core."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from client.batch.run import Batch
from client.verify.line import CheckFailedError
from client.verify.run import Run
from client.verify.warehouse import rows

ROWS = 20
LONGEST_SECONDS = 1800.0


class Load:
    """The load of one run; what it made is known for the cleaning up."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.run_id = ""
        self.key = f"transactions/verify-{run.sample.run_id}.csv"

    def check(self) -> str:
        """Load the file; each of its rows must be in core."""
        if self._run.stage.local:
            from client.commands.batch import fetch_spark

            fetch_spark()
        prefix = f"verify-{self._run.sample.run_id}-b"
        given = [{**row, "trans_num": f"{prefix}{n:05d}"} for n, row in enumerate(self._run.sample.rows[:ROWS])]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"verify-{self._run.sample.run_id}.csv"
            with file.open("w", newline="", encoding="utf-8") as output:
                writer = csv.DictWriter(output, list(given[0]))
                writer.writeheader()
                writer.writerows(given)
            done = Batch(self._run.stage, LONGEST_SECONDS, lambda _: None, lambda _, __: None).load(file, self.key)
        self.run_id = done.run_id
        if done.error or done.accepted != ROWS:
            raise CheckFailedError(
                f"run {done.run_id} {done.status}: {done.accepted} of {ROWS} rows accepted. {done.error}",
                "docs/runbook.md#batch-failed",
            )
        sql = f"SELECT COUNT(*) AS found FROM core.transaction WHERE transaction_id LIKE '{prefix}%'"  # noqa: S608
        found = int(rows(self._run.stage, sql)[0]["found"])
        if found != ROWS:
            raise CheckFailedError(
                f"core has {found} of the {ROWS} rows of run {done.run_id}", "swipeline batch --pending"
            )
        return f"{ROWS} rows by raw zone, crawler, Spark and COPY ({done.seconds:.0f} s)"
