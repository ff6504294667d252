"""The Redshift Data API as the client uses it, over DuckDB: statements run later, results come in pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

PAGE_ROWS = 7


class FakeDataApi:
    """A workgroup with one database, which has the tables that the client reads."""

    def __init__(self) -> None:
        self.database = duckdb.connect()
        for schema in ("core", "staging"):
            self.database.execute(f"CREATE SCHEMA {schema}")
            self.database.execute(
                f"CREATE TABLE {schema}.transaction "
                "(transaction_id VARCHAR, category VARCHAR, amount DECIMAL(12,2), is_fraud BOOLEAN)"
            )
        self._statements: dict[str, dict[str, Any]] = {}

    def put(self, *ids: str, schema: str = "core", category: str = "travel", amount: str = "2.50") -> None:
        """Insert transactions."""
        rows = [(identity, category, amount, False) for identity in ids]
        self.database.executemany(f"INSERT INTO {schema}.transaction VALUES (?, ?, ?, ?)", rows)

    def execute_statement(self, *, WorkgroupName: str, Database: str, Sql: str) -> dict[str, Any]:
        """Take a statement; it has not run yet when this returns."""
        assert (WorkgroupName, Database) == ("swipeline-local", "swipeline")
        name = f"statement-{len(self._statements)}"
        self._statements[name] = {"sql": Sql, "looks": 0}
        return {"Id": name}

    def describe_statement(self, *, Id: str) -> dict[str, Any]:
        """Started at the first look, finished at the second."""
        statement = self._statements[Id]
        statement["looks"] += 1
        if statement["looks"] < 2:
            return {"Id": Id, "Status": "STARTED"}
        if "rows" not in statement:
            try:
                cursor = self.database.execute(statement["sql"])
                statement["columns"] = [{"name": column[0]} for column in cursor.description or []]
                statement["rows"] = cursor.fetchall()
            except duckdb.Error as error:
                return {"Id": Id, "Status": "FAILED", "Error": f"ERROR: {error}"}
        return {"Id": Id, "Status": "FINISHED", "HasResultSet": True}

    def get_statement_result(self, *, Id: str, NextToken: str = "0") -> dict[str, Any]:
        """One page; the token of the next while there is one."""
        start = int(NextToken)
        rows = self._statements[Id]["rows"]
        page: dict[str, Any] = {
            "Records": [[_field(value) for value in row] for row in rows[start : start + PAGE_ROWS]]
        }
        page["ColumnMetadata"] = self._statements[Id]["columns"]
        return page | ({"NextToken": str(start + PAGE_ROWS)} if start + PAGE_ROWS < len(rows) else {})


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"stringValue": str(value) if isinstance(value, Decimal) else value}
