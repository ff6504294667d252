"""Redshift's SQL where it differs from DuckDB's: names, types, functions, DDL, and refusal of what isn't there."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from local.tests.conformance.redshift.conftest import Redshift


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7.0 / 2", "3.500000000000"),
        ("NVL(NULL, 'x')", "x"),
        ("NVL2(NULL, 'a', 'b')", "b"),
        ("DECODE(2, 1, 'one', 2, 'two', 'other')", "two"),
        ("DATEADD(day, 3, '2020-02-27'::DATE)::DATE", "2020-03-01"),
        ("DATEDIFF(day, '2020-02-27', '2020-03-01')", 3),
        ("DATEDIFF(second, '2020-01-01 00:00:00', '2020-01-01 00:01:01')", 61),
        ("DATE_TRUNC('month', '2020-06-21 12:00:00'::TIMESTAMP)", "2020-06-01 00:00:00"),
        ("CONVERT_TIMEZONE('UTC', 'America/New_York', '2020-06-21 12:00:00'::TIMESTAMP)", "2020-06-21 08:00:00"),
        ("EXTRACT(year FROM '2020-06-21'::DATE)", 2020),
        ("TO_CHAR('2020-06-21'::DATE, 'YYYY-MM')", "2020-06"),
        ("LEN('abc')", 3),
        ("SHA2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("STRTOL(LEFT(MD5('a'), 12), 16)", 0x0CC175B9C0F1),
        ("CAST('abcdef' AS VARCHAR(3))", "abc"),
        ("'éé'::VARCHAR(3)", "é"),
        ("CAST('1.005' AS DECIMAL(12,2))", "1.01"),
        ("CAST('1.7' AS DECIMAL)", "2"),
        ("GREATEST(1, 3, 2)", 3),
        ("SPLIT_PART('a,b,c', ',', 2)", "b"),
        ("'a' || 'b'", "ab"),
    ],
)
def test_expressions_have_redshifts_values(redshift: Redshift, expression: str, expected: Any) -> None:
    ((value,),) = redshift.rows(f"SELECT {expression}")
    if isinstance(value, float) and isinstance(expected, str):
        value = str(value)
    assert value == expected


def test_now_is_utc_without_zone_and_getdate_has_whole_seconds(redshift: Redshift) -> None:
    ((getdate, sysdate),) = redshift.rows("SELECT GETDATE(), SYSDATE")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", getdate)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", sysdate)


def test_aggregates_listagg_qualify_and_approximate_count(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (g VARCHAR(1), v INT, d DECIMAL(12,2))")
    redshift.ok("INSERT INTO t VALUES ('a', 3, 1.10), ('a', 1, 2.20), ('b', 2, 3.30)")
    assert redshift.rows("SELECT LISTAGG(v, '-') WITHIN GROUP (ORDER BY v) FROM t WHERE g = 'a'") == [("1-3",)]
    assert redshift.rows("SELECT APPROXIMATE COUNT(DISTINCT g) FROM t") == [(2,)]
    assert redshift.rows("SELECT SUM(d) FROM t") == [("6.60",)]
    latest = (
        "SELECT g, v FROM t AS x WHERE true QUALIFY ROW_NUMBER() OVER (PARTITION BY g ORDER BY v DESC) = 1 ORDER BY g"
    )
    assert redshift.rows(latest) == [("a", 3), ("b", 2)]
    assert redshift.rows("SELECT TOP 1 v FROM t ORDER BY v") == [(1,)]


def test_nulls_sort_last_going_up_and_first_going_down(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (v INT)")
    redshift.ok("INSERT INTO t VALUES (1), (NULL), (2)")
    assert redshift.rows("SELECT v FROM t ORDER BY v") == [(1,), (2,), (None,)]
    assert redshift.rows("SELECT v FROM t ORDER BY v DESC") == [(None,), (2,), (1,)]


def test_names_are_folded_to_lower_case_quoted_or_not(redshift: Redshift) -> None:
    redshift.ok('CREATE TABLE Mixed (CamelCase INT, "Quoted" INT)')
    redshift.ok("INSERT INTO MIXED VALUES (1, 2)")
    found = redshift.ok('SELECT CAMELCASE, "QUOTED" AS "Group" FROM mixed')
    names = [c["name"] for c in redshift.client.get_statement_result(Id=found["Id"])["ColumnMetadata"]]
    assert names == ["camelcase", "group"]


def test_columns_without_alias_are_named_as_redshift_names_them(redshift: Redshift) -> None:
    found = redshift.ok("SELECT COUNT(*), MAX(1), 1 + 1, CAST(2 AS INT), 'x' FROM (SELECT 1 AS a) AS t")
    names = [c["name"] for c in redshift.client.get_statement_result(Id=found["Id"])["ColumnMetadata"]]
    assert names == ["count", "max", "?column?", "?column?", "?column?"]


def test_a_varchar_counts_bytes_and_refuses_what_is_too_long(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a VARCHAR(4), b CHAR(2))")
    redshift.ok("INSERT INTO t VALUES ('éé', 'ab')")
    error = redshift.error("INSERT INTO t VALUES ('ééé', 'ab')")
    assert error == "ERROR: Value too long for type character varying(4) in column a"
    assert "character(2) in column b" in redshift.error("INSERT INTO t VALUES ('x', 'abc')")
    assert "character varying(4)" in redshift.error("UPDATE t SET a = 'toolong'")
    redshift.ok("INSERT INTO t VALUES (CAST('toolong' AS VARCHAR(4)), 'a ')")
    assert redshift.rows("SELECT a FROM t ORDER BY a") == [("tool",), ("éé",)]


def test_decimals_are_rounded_on_insert_and_overflow_is_an_error(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a DECIMAL(5,2))")
    redshift.ok("INSERT INTO t VALUES (1.005), ('2.994')")
    assert [Decimal(a) for (a,) in redshift.rows("SELECT a FROM t ORDER BY a")] == [Decimal("1.01"), Decimal("2.99")]
    assert redshift.run("INSERT INTO t VALUES (1000)")["Status"] == "FAILED"


def test_table_attributes_types_and_keys_are_kept_in_the_catalog(redshift: Redshift) -> None:
    redshift.ok(
        "CREATE TABLE t (id BIGINT NOT NULL ENCODE az64, at TIMESTAMP, name VARCHAR(20) DEFAULT 'x', PRIMARY KEY (id))"
        " DISTSTYLE KEY DISTKEY (id) COMPOUND SORTKEY (at, name)"
    )
    found = redshift.rows(
        'SELECT "column", type, encoding, distkey, sortkey, "notnull" FROM pg_table_def WHERE tablename = \'t\''
    )
    assert found == [
        ("id", "bigint", "az64", True, 0, True),
        ("at", "timestamp without time zone", "none", False, 1, False),
        ("name", "character varying(20)", "none", False, 2, False),
    ]
    assert redshift.rows("SELECT table_schema, table_type FROM svv_tables WHERE table_name = 't'") == [
        ("public", "BASE TABLE")
    ]


def test_keys_are_not_enforced(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (id INT PRIMARY KEY, other INT UNIQUE)")
    redshift.ok("INSERT INTO t VALUES (1, 1), (1, 1)")
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(2,)]


def test_create_if_not_exists_leaves_a_table_as_it_is(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a VARCHAR(5))")
    redshift.ok("CREATE TABLE IF NOT EXISTS t (b INT)")
    assert redshift.rows("SELECT type FROM pg_table_def WHERE tablename = 't'") == [("character varying(5)",)]
    assert "already exists" in redshift.error("CREATE TABLE t (b INT)")


def test_like_copies_columns_and_defaults_only_when_asked(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a VARCHAR(3) NOT NULL DEFAULT 'x', b INT)")
    redshift.ok(["CREATE TABLE u (LIKE t)", "CREATE TABLE w (LIKE t INCLUDING DEFAULTS)"])
    assert "Cannot insert a NULL" in redshift.error("INSERT INTO u (b) VALUES (1)")
    redshift.ok("INSERT INTO w (b) VALUES (1)")
    assert redshift.rows("SELECT a, b FROM w") == [("x", 1)]
    assert "character varying(3)" in redshift.error("INSERT INTO w VALUES ('long', 1)")


def test_temporary_tables_live_as_long_as_their_batch(redshift: Redshift) -> None:
    found = redshift.ok(
        [
            "DROP TABLE IF EXISTS scratch",
            "CREATE TEMP TABLE scratch AS SELECT 1 AS a UNION ALL SELECT 2",
            "CREATE TABLE #other (b INT)",
            "SELECT COUNT(*) FROM scratch",
        ]
    )
    assert redshift.result(found["SubStatements"][3]["Id"]) == [(2,)]
    assert redshift.error("SELECT * FROM scratch") == 'ERROR: relation "scratch" does not exist'


def test_merge_updates_and_inserts(redshift: Redshift) -> None:
    redshift.ok(["CREATE TABLE t (id INT, v INT)", "CREATE TABLE s (id INT, v INT)"])
    redshift.ok(["INSERT INTO t VALUES (1, 1), (2, 2)", "INSERT INTO s VALUES (2, 20), (3, 30)"])
    redshift.ok(
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v"
        " WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)"
    )
    assert redshift.rows("SELECT id, v FROM t ORDER BY id") == [(1, 1), (2, 20), (3, 30)]


def test_truncate_commits_what_went_before_it(redshift: Redshift) -> None:
    redshift.ok(["CREATE TABLE t (a INT)", "CREATE TABLE u (a INT)", "INSERT INTO u VALUES (1)"])
    found = redshift.run(
        ["INSERT INTO t VALUES (1)", "TRUNCATE u", "INSERT INTO t VALUES (2)", "SELECT nothing FROM t"]
    )
    assert found["Status"] == "FAILED"
    assert redshift.rows("SELECT a FROM t") == [(1,)]
    assert redshift.rows("SELECT COUNT(*) FROM u") == [(0,)]


def test_lock_needs_the_table_and_maintenance_is_accepted(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT)")
    redshift.ok(["LOCK t", "LOCK TABLE public.t"])
    assert 'relation "missing" does not exist' in redshift.error(["LOCK missing"])
    redshift.ok("ANALYZE t")
    redshift.ok("VACUUM t")


def test_lock_refuses_a_view(redshift: Redshift) -> None:
    redshift.ok("CREATE VIEW v AS SELECT 1 AS a")
    assert '"v" is not a table' in redshift.error("LOCK v")


def test_a_dropped_temporary_table_takes_nothing_from_the_table_of_its_name(redshift: Redshift) -> None:
    redshift.ok(["CREATE TABLE t (a INT)", "COMMENT ON TABLE t IS 'kept'", "CREATE VIEW v AS SELECT a FROM public.t"])
    redshift.ok(["CREATE TEMP TABLE t AS SELECT 2 AS a", "DROP TABLE t", "DROP TABLE IF EXISTS missing"])
    assert redshift.rows("SELECT remarks FROM svv_tables WHERE table_name = 't'") == [("kept",)]
    assert "other objects depend on it" in redshift.error("DROP TABLE t")


def test_a_table_cannot_take_the_name_of_a_view(redshift: Redshift) -> None:
    redshift.ok("CREATE VIEW v AS SELECT 1 AS a")
    assert 'Relation "v" already exists' in redshift.error("CREATE TABLE v (a INT)")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT l.n, r.n FROM l JOIN r ON l.a = r.a", [(1, 10), (2, 10), (4, 20), (5, 20)]),
        ("SELECT l.n, r.n FROM l LEFT JOIN r ON r.a = l.a WHERE r.n IS NULL", [(3, None), (6, None)]),
        ("SELECT n, 0 FROM l WHERE a IN (SELECT a FROM r)", [(1, 0), (2, 0), (4, 0), (5, 0)]),
        ("SELECT n, 0 FROM l WHERE a = ANY (SELECT a FROM r)", [(1, 0), (2, 0), (4, 0), (5, 0)]),
        ("SELECT n, 0 FROM l WHERE a = 'x'", [(1, 0), (2, 0)]),
        ("SELECT n, 0 FROM l WHERE a IN ('x  ', '')", [(1, 0), (2, 0), (4, 0), (5, 0)]),
        ("SELECT n, 0 FROM l WHERE a <> 'x '", [(3, 0), (4, 0), (5, 0)]),
        ("SELECT n, 0 FROM l WHERE a BETWEEN 'x' AND 'x '", [(1, 0), (2, 0)]),
    ],
)
def test_blanks_at_the_end_of_a_text_match_none(redshift: Redshift, sql: str, expected: list[tuple[Any, ...]]) -> None:
    redshift.ok(["CREATE TABLE l (n INT, a VARCHAR(9))", "CREATE TABLE r (n INT, a VARCHAR(9))"])
    redshift.ok("INSERT INTO l VALUES (1, 'x'), (2, 'x  '), (3, ' x'), (4, ''), (5, '  '), (6, NULL)")
    redshift.ok("INSERT INTO r VALUES (10, 'x '), (20, ' '), (30, NULL)")
    assert redshift.rows(f"{sql} ORDER BY 1, 2") == expected


def test_alter_table_renames_and_drops_columns(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b INT)")
    redshift.ok(
        ["ALTER TABLE t DROP COLUMN b", "ALTER TABLE t RENAME COLUMN a TO c", "ALTER TABLE t RENAME TO renamed"]
    )
    assert redshift.rows("SELECT c FROM renamed") == []


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a", "CREATE MATERIALIZED VIEW"),
        ("REFRESH MATERIALIZED VIEW m", "REFRESH MATERIALIZED"),
        ("UNLOAD ('SELECT 1') TO 's3://b/k' IAM_ROLE 'x'", "UNLOAD"),
        ("CALL p()", "CALL"),
        ("GRANT SELECT ON t TO PUBLIC", "GRANT SELECT"),
        ("CREATE TABLE t (a INT CHECK (a > 0))", "CHECK"),
        ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
        ("INSERT INTO t VALUES (1) RETURNING a", "RETURNING"),
        ("SELECT 1 INTO t", "SELECT INTO"),
        ("ALTER TABLE t ADD COLUMN x INT IDENTITY(0,1)", "ALTER TABLE"),
        ("SELECT no_such_function(1)", "no_such_function"),
        ("SELECT 1; SELECT 2", "multiple commands"),
        ("SELEC 1", "syntax error"),
        ("SELECT (", "syntax error"),
    ],
)
def test_what_is_not_supported_fails_and_is_named(redshift: Redshift, sql: str, named: str) -> None:
    assert named.lower() in redshift.error(sql).lower()


def test_missing_things_are_named_in_redshifts_words(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT)")
    assert redshift.error("SELECT * FROM missing") == 'ERROR: relation "missing" does not exist'
    assert redshift.error("SELECT b FROM t") == 'ERROR: column "b" does not exist in t'
    assert 'schema "nowhere" does not exist' in redshift.error(
        "COPY nowhere.t FROM 's3://b/k' IAM_ROLE 'arn:aws:iam::000000000000:role/copy'"
    )
