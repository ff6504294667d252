"""A warehouse of one's own: local/redshift's server in this process, open to this process, with files as its S3."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.config import Config

from local.redshift.auth import Caller
from local.redshift.copy_source import MissingObjectError
from local.redshift.server import DataApi
from local.settings import ACCOUNT_ID, REGION
from shared.warehouse.data_api import Row, Warehouse
from shared.warehouse.marts import Refreshed, install, refresh
from shared.warehouse.merging import merge_statements
from shared.warehouse.migrations import migrate
from shared.warehouse.sql import read_statements

ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/copy"
WORKGROUP, DATABASE = "swipeline-local", "swipeline"
LONGEST_SECONDS = 3600.0
LOOK_SECONDS = 0.003


class _Open:
    """Lets everybody in: the server listens on the loopback address of a free port, as long as the process lives."""

    def authenticate(self, path: str, headers: Mapping[str, str], body: bytes) -> Caller:
        arn = f"arn:aws:iam::{ACCOUNT_ID}:root"
        return Caller(arn, arn, is_root=True)

    def authorize(self, caller: Caller, action: str, resource: str, owner: str | None = None) -> None:
        return

    def database_roles(self, caller: Caller) -> tuple[str, ...] | None:
        return None


class _Files:
    """s3://files/<path> is the file of that path."""

    def reader(self, role_arn: str, region: str | None) -> _Files:
        return self

    def open(self, bucket: str, key: str) -> BinaryIO:
        try:
            return Path("/", key).open("rb")
        except FileNotFoundError as error:
            raise MissingObjectError(key) from error

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        folder = Path("/", prefix)
        yield from sorted(str(path)[1:] for path in folder.parent.glob(f"{folder.name}*"))


class Own:
    """The warehouse, and what the stage's functions do with it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        # Looked at more often than a function does: what is measured is the warehouse, not the pause between two looks.
        self.warehouse = Warehouse(client, WORKGROUP, DATABASE, sleep=lambda _: time.sleep(LOOK_SECONDS))

    def run(self, *statements: str) -> list[Row]:
        """Run statements as one transaction; the rows of the last one that has any."""
        return self.warehouse.run("benchmark", list(statements), LONGEST_SECONDS)

    def migrate(self) -> None:
        """What migrate-warehouse does."""
        migrate(self.warehouse, lambda: LONGEST_SECONDS, lambda _: None)
        install(self.warehouse, LONGEST_SECONDS)

    def load(self, parquet: Path) -> Row:
        """Load a file of glue.table's schema as the batch path does: COPY, staging, merge; its last row of counts."""
        self.stage(parquet)
        return self.merge()

    def stage(self, parquet: Path) -> None:
        """The load up to the staging table."""
        address = "s3://files" + str(parquet.resolve())
        times = pc.min_max(pq.read_table(parquet, columns=["occurred_at"])["occurred_at"])
        oldest, newest = (str(int(times[name].as_py().timestamp())) for name in ("min", "max"))
        batch = read_statements("load_batch.sql", MANIFEST=address, COPY_ROLE_ARN=ROLE, OLDEST=oldest, NEWEST=newest)
        batch = [sql.replace(" FORMAT AS PARQUET MANIFEST", " FORMAT AS PARQUET") for sql in batch]
        # 40 statements are one transaction's most: the merge is another one, as it is for the stream.
        self.run(*batch[:-1])

    def load_alerts(self, lines: Path, columns: str) -> Row:
        """Load lines of the alert stream (gzip) as Firehose does."""
        options = f"CREDENTIALS 'aws_iam_role={ROLE}' JSON 'auto' GZIP TIMEFORMAT 'auto'"
        self.run(f"COPY staging.alert_event ({columns}) FROM 's3://files{lines.resolve()}' {options}")
        return self.merge()

    def merge(self) -> Row:
        """One pass of merge-warehouse, without the marts; its counts."""
        [counts] = self.run(*merge_statements())
        return counts

    def refresh(self) -> Refreshed | None:
        """What merge-warehouse does to the marts after a pass."""
        return refresh(self.warehouse, LONGEST_SECONDS)


@contextmanager
def own(home: Path) -> Iterator[Own]:
    """Open the warehouse in ``home``, which the embedded AWS may use when this is over, and not before.

    Raises duckdb.IOException, from the first statement, while another process has it.
    """
    server = DataApi(home, 0, _Open(), _Files(), REGION, ACCOUNT_ID)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Own(
            boto3.client(
                "redshift-data",
                endpoint_url=server.endpoint,
                region_name=REGION,
                aws_access_key_id="own",
                aws_secret_access_key="own",
                config=Config(retries={"total_max_attempts": 2}, read_timeout=60),
            )
        )
    finally:
        server.shutdown()
        thread.join()
        server.close()
