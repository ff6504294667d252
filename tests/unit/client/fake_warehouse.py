"""The warehouse as the client uses it: the Data API in memory, its statements run by DuckDB."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from shared.transaction.content import texts
from shared.transaction.schema import FIELDS, Transaction
from tests.unit.fakes import redshift_data
from tests.unit.fakes.redshift_data import Result, StatementError
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.shapes import obeys

PAGE_ROWS = 7


@obeys("redshift-data")
class FakeDataApi(redshift_data.FakeDataApi):
    """A workgroup with one database, which has the tables that the client reads."""

    def __init__(self) -> None:
        super().__init__(self._run, PAGE_ROWS, at_once=True)
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

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        assert (parameters["WorkgroupName"], parameters["Database"]) == ("swipeline-local", "swipeline")
        return super().batch_execute_statement(**parameters)

    def _run(self, sql: str) -> Result:
        try:
            cursor = self.database.execute(sql)
        except duckdb.Error as error:
            raise StatementError(f"ERROR: {error}") from error
        return Result([column[0] for column in cursor.description or []], cursor.fetchall())
