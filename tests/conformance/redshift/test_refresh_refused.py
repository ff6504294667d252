"""The refresh that Redshift would have refused every minute: the embedded warehouse refuses it in the same words."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import core_files
from benchmarks.warehouse import own
from client.simulator import Settings, batches
from shared.warehouse.data_api import StatementFailedError
from shared.warehouse.sql import read_statements

WATERMARK = ("DELETE FROM refresh.watermark", "INSERT INTO refresh.watermark")
# As refresh.sql had it: one row, and so no key to join it by.
OLD = """UPDATE refresh.watermark
SET merged_until = CASE
        WHEN counted.missing <> 0 THEN CAST('1970-01-01' AS TIMESTAMP)
        ELSE COALESCE(counted.merged_until, refresh.watermark.merged_until)
    END,
    alerts_until = COALESCE(counted.alerts_until, refresh.watermark.alerts_until),
    alerts = counted.alerts,
    refreshed_at = GETDATE()
FROM refresh_count AS counted"""


def old_refresh() -> list[str]:
    """Today's refresh.sql with the watermark's statement of before."""
    statements = read_statements("marts/refresh.sql")
    (first,) = (place for place, sql in enumerate(statements) if sql.startswith(WATERMARK[0]))
    assert statements[first + 1].startswith(WATERMARK[1])
    return [*statements[:first], OLD, *statements[first + 2 :]]


def test_the_old_refresh_is_refused_and_leaves_nothing_and_todays_fills_the_marts(tmp_path: Path) -> None:
    source = tmp_path / "source.parquet"
    pq.write_table(pa.Table.from_batches(batches(Settings.of(rows=100, seed=3, customers=10))), source)
    (parquet,) = core_files.transactions([source], folder=tmp_path / "made")
    with own(tmp_path / "home") as warehouse:
        warehouse.migrate()
        warehouse.load(parquet)
        with pytest.raises(StatementFailedError, match="Target table must be part of an equijoin predicate"):
            warehouse.run(*old_refresh())
        assert warehouse.run("SELECT COUNT(*) AS rows FROM mart.purchase") == [{"rows": 0}]
        warehouse.refresh()
        assert warehouse.run("SELECT COUNT(*) AS rows FROM mart.purchase") == [{"rows": 100}]
