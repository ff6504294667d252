"""The files of redshift/marts: Redshift's SQL alone, in transactions that the Data API takes, columns commented."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from scripts.marts_page import PAGE, comments, generated, views
from shared.warehouse.data_api import MAX_STATEMENTS
from shared.warehouse.marts import FILES, _packed
from shared.warehouse.sql import DIRECTORY, read_statements
from tests.unit.test_redshift_files import NOT_REDSHIFT, columns, create_tables

NAMES = sorted(path.stem for path in (DIRECTORY / "marts").glob("*.sql"))
# What sqlglot has no node for; local/redshift/privileges.py reads it.
UNPARSED = ("LOCK", "CREATE ROLE", "GRANT SELECT ON ALL TABLES")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_holds_redshifts_sql_and_no_statement_that_commits(name: str) -> None:
    for sql in read_statements(f"marts/{name}.sql"):
        assert len(sql.encode()) < 100_000
        assert not re.match(r"(TRUNCATE|COMMIT|BEGIN|VACUUM|END)\b", sql)
        if sql.startswith("COMMENT"):
            continue
        for construct in NOT_REDSHIFT:
            assert construct not in sql.upper(), sql[:60]
        # Redshift has them under other names, or not: no FILTER, no GROUP BY ALL, no integer division //.
        for construct in ("FILTER (", "GROUP BY ALL", "//", "::", " FROM (VALUES"):
            assert construct not in sql, sql[:60]
        if not sql.startswith(UNPARSED):
            assert not isinstance(sqlglot.parse_one(sql, read="redshift"), exp.Command), sql[:60]


@pytest.mark.parametrize("name", ["refresh", "waiting", "rebuild"])
def test_what_merge_warehouse_runs_is_one_transaction(name: str) -> None:
    found = read_statements(f"marts/{name}.sql")
    assert 0 < len(found) <= MAX_STATEMENTS
    assert (found[0] == "LOCK refresh.watermark") == (name != "waiting")


def test_installing_takes_whole_files_in_order_and_no_more_than_a_batch_holds() -> None:
    files = [read_statements(f"marts/{name}.sql") for name in FILES]
    batches = _packed(files, 38)
    assert [sql for batch in batches for sql in batch] == [sql for file in files for sql in file]
    assert max(map(len, batches)) <= 38
    for batch in batches:  # no view is missing between two transactions
        gone = {sql.split()[-1] for sql in batch if sql.startswith("DROP VIEW")}
        made = {sql.split()[2] for sql in batch if sql.startswith("CREATE VIEW")}
        assert gone == made


def test_every_file_is_installed_or_run_by_a_function() -> None:
    assert set(NAMES) == {*FILES, "role", "grants", "comments", "refresh", "waiting", "rebuild"}


def test_the_stored_marts_can_be_installed_again_and_say_how_they_are_distributed() -> None:
    for sql in read_statements("marts/tables.sql"):
        assert re.match(r"CREATE (TABLE|SCHEMA) IF NOT EXISTS |INSERT INTO refresh.watermark", sql), sql[:60]
        node = sqlglot.parse_one(sql, read="redshift")
        if isinstance(node, exp.Create) and node.args["kind"] == "TABLE":
            assert node.find(exp.DistStyleProperty)
            assert not list(node.find_all(exp.PrimaryKey, exp.PrimaryKeyColumnConstraint))


def test_a_migrated_mart_has_the_columns_of_a_new_one() -> None:
    (made,) = (
        node
        for node in (sqlglot.parse_one(sql, read="redshift") for sql in read_statements("marts/tables.sql"))
        if isinstance(node, exp.Create) and node.this.find(exp.Table).name == "purchase"
    )
    assert columns(create_tables()["mart.purchase"]) == columns(made)


def test_a_window_orders_whole_ranks_alone_since_redshift_asks_for_a_frame_elsewhere() -> None:
    for name in FILES:
        for sql in read_statements(f"marts/{name}.sql"):
            for window in sqlglot.parse_one(sql, read="redshift").find_all(exp.Window):
                assert isinstance(window.this, (exp.Rank, exp.RowNumber)) or not window.args.get("order"), sql[:60]


def test_every_mart_is_commented_and_the_page_is_made_of_the_comments() -> None:
    assert set(comments()) == {"purchase", *views()}
    assert PAGE.read_text(encoding="utf-8").endswith("".join(generated()))
