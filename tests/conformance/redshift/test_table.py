"""The table of constructs: each row's example runs, each function is in a case, and docs show what the table says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from local.redshift.dialect.table import Construct, constructs
from local.redshift.engine import Database
from local.redshift.errors import NotSupported
from local.redshift.translate import compile_text
from scripts.warehouse_page import main
from tests.conformance.redshift.statements.cases import warehouse
from tests.conformance.redshift.statements.test_statements import CASES

SETUP = [
    "CREATE TEMP TABLE t (a INT, b INT)",
    "CREATE TEMP TABLE s (a INT, b INT)",
    "INSERT INTO t VALUES (1, 1)",
    "INSERT INTO s VALUES (1, 2)",
]
ROWS = constructs()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with warehouse() as opened:
        yield opened


@pytest.mark.parametrize("row", [row for row in ROWS if row.example], ids=lambda row: row.name)
def test_the_example_of_a_construct_runs(database: Database, row: Construct) -> None:
    with database.session() as session:
        session.begin()
        for sql in [*SETUP, row.example]:
            session.run(compile_text(sql), 1, None)
        session.rollback()


def test_each_function_of_the_table_is_in_a_case() -> None:
    text = str([case["sql"] for _, _, case in CASES]).lower() + str([row.example for row in ROWS]).lower()
    called = set(re.findall(r"([a-z_0-9]+)\s*\(", text)) | set(re.findall(r"[a-z_]+", text))
    kinds = ("function", "aggregate", "window function")
    assert [row.name for row in ROWS if row.kind in kinds and row.name not in called] == []


def test_each_row_names_its_page_and_how_it_is_done() -> None:
    assert [row for row in ROWS if not row.page or row.how not in ("passed", "rewritten", "implemented")] == []
    names = [(row.kind, row.name, row.signature) for row in ROWS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT no_such_function(1)",
        "SELECT list_sum(1)",
        "SELECT 1 IS DISTINCT FROM 2",
        "SELECT * FROM generate_series(1, 3)",
        "SELECT a FROM (SELECT 1 AS a) AS t FOR UPDATE",
        "SELECT 'a' GLOB 'a'",
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a",
        "CALL p()",
        "EXPLAIN SELECT 1",
        "PRAGMA database_list",
    ],
)
def test_what_is_not_in_the_table_is_refused_by_its_own_words(database: Database, sql: str) -> None:
    with database.session() as session, pytest.raises(NotSupported, match="not supported by the embedded warehouse: "):
        session.run(compile_text(sql), 1, None)


def test_the_page_shows_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["warehouse_page", "--check"])
    assert main() == 0
