"""ALTER TABLE: what Redshift takes changes the table and keeps its rows; what it refuses is refused."""

from __future__ import annotations

import pytest

from local.tests.conformance.redshift.conftest import Redshift

TABLE = """CREATE TABLE s.t (a VARCHAR(3) NOT NULL, b INT, k INT NOT NULL, at TIMESTAMP NOT NULL DEFAULT GETDATE())
DISTSTYLE KEY DISTKEY (k) SORTKEY (b)"""


@pytest.fixture
def table(redshift: Redshift) -> Redshift:
    redshift.ok(["CREATE SCHEMA IF NOT EXISTS s", "DROP VIEW IF EXISTS s.v", "DROP TABLE IF EXISTS s.t"])
    redshift.ok([TABLE, "INSERT INTO s.t (a, b, k) VALUES ('x', 1, 7), ('y', 2, 8)"])
    return redshift


def test_an_added_column_is_last_and_null_or_its_default_in_the_rows_that_are_there(table: Redshift) -> None:
    table.ok(["ALTER TABLE s.t ADD COLUMN c VARCHAR(4)", "ALTER TABLE s.t ADD d INT NOT NULL DEFAULT 5"])
    assert table.rows("SELECT a, b, k, c, d FROM s.t ORDER BY a") == [("x", 1, 7, None, 5), ("y", 2, 8, None, 5)]
    names = table.rows("SELECT \"column\" FROM pg_table_def WHERE tablename = 't'")
    assert [name for (name,) in names] == ["a", "b", "k", "at", "c", "d"]


def test_the_columns_keep_their_limits_keys_and_defaults(table: Redshift) -> None:
    table.ok("ALTER TABLE s.t ADD COLUMN c VARCHAR(4) ENCODE zstd")
    assert "too long" in table.error("INSERT INTO s.t (a, k) VALUES ('long', 1)")
    assert "too long" in table.error("INSERT INTO s.t (a, k, c) VALUES ('a', 1, '12345')")
    assert "NULL" in table.error("INSERT INTO s.t (k) VALUES (1)")
    table.ok("INSERT INTO s.t (a, k) VALUES ('z', 1)")
    assert table.rows("SELECT COUNT(*) FROM s.t WHERE at IS NULL") == [(0,)]
    described = table.rows(
        "SELECT \"column\", encoding, distkey, sortkey FROM pg_table_def WHERE tablename = 't' AND \"column\" <> 'at'"
    )
    assert described == [
        ("a", "none", False, 0),
        ("b", "none", False, 1),
        ("k", "none", True, 0),
        ("c", "zstd", False, 0),
    ]


def test_a_failed_batch_leaves_the_table_as_it_was(table: Redshift) -> None:
    table.error(["ALTER TABLE s.t ADD COLUMN c INT", "SELECT missing FROM s.t"])
    assert 'column "c" does not exist' in table.error("SELECT c FROM s.t")
    assert table.rows("SELECT COUNT(*) FROM s.t") == [(2,)]


def test_columns_are_renamed_and_dropped(table: Redshift) -> None:
    table.ok(
        ["COMMENT ON COLUMN s.t.a IS 'said'", "ALTER TABLE s.t RENAME COLUMN a TO z", "ALTER TABLE s.t DROP COLUMN at"]
    )
    assert table.rows("SELECT * FROM s.t ORDER BY z") == [("x", 1, 7), ("y", 2, 8)]
    assert table.rows("SELECT remarks FROM svv_columns WHERE column_name = 'z'") == [("said",)]


def test_a_varchar_may_become_wider_but_not_within_a_transaction(table: Redshift) -> None:
    assert "transaction" in table.error(["ALTER TABLE s.t ALTER COLUMN a TYPE VARCHAR(9)", "SELECT 1"])
    table.ok("ALTER TABLE s.t ALTER COLUMN a TYPE VARCHAR(9)")
    table.ok("INSERT INTO s.t (a, k) VALUES ('123456789', 1)")
    assert "9 bytes" in table.error("ALTER TABLE s.t ALTER COLUMN a TYPE VARCHAR(8)")


def test_a_column_that_a_view_shows_stays_unless_the_view_goes_too(table: Redshift) -> None:
    table.ok("CREATE VIEW s.v AS SELECT a FROM s.t")
    assert "depend on it" in table.error("ALTER TABLE s.t DROP COLUMN a")
    table.ok("ALTER TABLE s.t ADD COLUMN c INT")
    assert table.rows("SELECT a FROM s.v ORDER BY a") == [("x",), ("y",)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("ADD COLUMN c INT NOT NULL", "must have a non-null default"),
        ("ADD COLUMN c INT DEFAULT NULL NOT NULL", "must have a non-null default"),
        ("ADD COLUMN IF NOT EXISTS c INT", "syntax error"),
        ("ADD COLUMN c INT, ADD COLUMN d INT", "syntax error"),
        ("ADD COLUMN c INT PRIMARY KEY", "PRIMARY KEY"),
        ("ADD COLUMN c INT UNIQUE", "UNIQUE"),
        ("ADD COLUMN c INT IDENTITY(0,1)", "ALTER TABLE"),
        ("ADD COLUMN c SUPER_TYPE", "not supported"),
        ("ADD COLUMN a INT", "already exists"),
        ("DROP COLUMN missing", "does not exist"),
        ("DROP COLUMN k", "distkey"),
        ("DROP COLUMN b", "sortkey"),
        ("RENAME COLUMN a TO b", "already exists"),
        ("RENAME COLUMN missing TO c", "does not exist"),
        ("ALTER COLUMN b TYPE BIGINT", "only the size of a VARCHAR"),
        ("ALTER COLUMN a TYPE CHAR(9)", "only the size of a VARCHAR"),
        ("ALTER COLUMN b SET NOT NULL", "not supported"),
        ("ALTER COLUMN b DROP DEFAULT", "not supported"),
        ("ALTER DISTSTYLE ALL", "not supported"),
        ("APPEND FROM s.u", "not supported"),
    ],
)
def test_what_redshift_or_this_server_does_not_take_is_refused(table: Redshift, change: str, says: str) -> None:
    assert says.lower() in table.error(f"ALTER TABLE s.t {change}").lower()
    assert table.rows("SELECT a, b, k FROM s.t ORDER BY a") == [("x", 1, 7), ("y", 2, 8)]


def test_a_table_that_is_not_there_is_named(table: Redshift) -> None:
    assert 'relation "s.u" does not exist' in table.error("ALTER TABLE s.u ADD COLUMN c INT")
    assert "syntax error" in table.error("ALTER TABLE IF EXISTS s.t ADD COLUMN c INT")
