"""The Redshift Data API as the client uses it, over DuckDB: statements run later, results come in pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from shared.transaction.content import texts
from shared.transaction.schema import FIELDS, Transaction
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.shapes import obeys

PAGE_ROWS = 7


@obeys("redshift-data")
class FakeDataApi:
    """A workgroup with one database, which has the tables that the client reads."""

    def __init__(self) -> None:
        self.database = duckdb.connect()
        columns = ", ".join(f"{field.name} {field.kind.redshift}" for field in FIELDS)
        for schema in ("core", "staging"):
            self.database.execute(f"CREATE SCHEMA {schema}")
            self.database.execute(f"CREATE TABLE {schema}.transaction ({columns})")
        self.database.execute("CREATE TABLE core.superseded (digest VARCHAR)")
        for of in ("customer", "merchant"):
            names = [f"{field.name} {field.kind.redshift}" for field in FIELDS if field.of == of]
            keys = f"{of}_id VARCHAR, last_transaction_id VARCHAR"
            self.database.execute(f"CREATE TABLE core.{of} ({keys}, {', '.join(names)})")
        # Of Redshift's functions, those that DuckDB lacks.
        self.database.execute("CREATE MACRO strtol(digits, base) AS ('0x' || digits)::BIGINT")
        self.database.execute(
            "CREATE MACRO to_char(t, form) AS CASE WHEN form = 'YYYY-MM-DD' THEN strftime(t, '%Y-%m-%d') "
            "ELSE strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ') END"
        )
        self._statements: dict[str, dict[str, Any]] = {}

    def put(self, *ids: str, schema: str = "core", category: str = "travel", amount: str = "2.50") -> None:
        """Insert transactions that differ in nothing else."""
        changes = {"category": category, "amount": Decimal(amount), "is_fraud": False}
        self.load([transaction(0)._replace(transaction_id=identity, **changes) for identity in ids], schema)

    def load(self, transactions: list[Transaction], schema: str = "core") -> None:
        """Insert transactions, and their merchants."""
        marks = ", ".join("?" * len(FIELDS))
        for one in transactions:
            row = [text.removesuffix("Z") if text else None for text in texts(one)[:-2]] + [*one[-2:]]
            self.database.execute(f"INSERT INTO {schema}.transaction VALUES ({marks})", row)
            merchant = (one.merchant_id, one.transaction_id, one.merchant)
            self.database.execute(
                "INSERT INTO core.merchant (merchant_id, last_transaction_id, merchant) VALUES (?, ?, ?)", merchant
            )

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
