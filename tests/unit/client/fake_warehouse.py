"""The warehouse as the client uses it: the Data API in memory, its statements run by DuckDB."""

from __future__ import annotations

from typing import Any

import duckdb

from tests.unit.fakes import redshift_data
from tests.unit.fakes.redshift_data import Result, StatementError
from tests.unit.fakes.shapes import obeys

PAGE_ROWS = 7


@obeys("redshift-data")
class FakeDataApi(redshift_data.FakeDataApi):
    """A workgroup with one database, which has the tables that the client reads."""

    def __init__(self) -> None:
        super().__init__(self._run, PAGE_ROWS)
        self.database = duckdb.connect()
        for schema in ("core", "staging"):
            self.database.execute(f"CREATE SCHEMA {schema}")
            self.database.execute(
                f"CREATE TABLE {schema}.transaction "
                "(transaction_id VARCHAR, category VARCHAR, amount DECIMAL(12,2), is_fraud BOOLEAN)"
            )

    def put(self, *ids: str, schema: str = "core", category: str = "travel", amount: str = "2.50") -> None:
        """Insert transactions."""
        rows = [(identity, category, amount, False) for identity in ids]
        self.database.executemany(f"INSERT INTO {schema}.transaction VALUES (?, ?, ?, ?)", rows)

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        assert (parameters["WorkgroupName"], parameters["Database"]) == ("swipeline-local", "swipeline")
        return super().batch_execute_statement(**parameters)

    def _run(self, sql: str) -> Result:
        try:
            cursor = self.database.execute(sql)
        except duckdb.Error as error:
            raise StatementError(f"ERROR: {error}") from error
        return Result([column[0] for column in cursor.description or []], cursor.fetchall())
