"""UPDATE ... FROM, DELETE ... USING and MERGE need an equijoin of their target: DuckDB would do without.

https://docs.aws.amazon.com/redshift/latest/dg/r_UPDATE.html and r_DELETE.html
"""

from __future__ import annotations

import pytest

from local.tests.conformance.redshift.conftest import Redshift

MESSAGE = "Target table must be part of an equijoin predicate"
REFUSED = [
    "UPDATE t SET v = s.v FROM s",
    "UPDATE t SET v = renamed.v FROM s AS renamed WHERE renamed.v = 20",
    "UPDATE t SET v = s.v FROM s WHERE t.id = 2",
    "UPDATE t SET v = s.v FROM s WHERE t.id > s.id",
    "UPDATE t SET v = s.v FROM s WHERE t.id <> s.id AND s.v = 20",
    "UPDATE t SET v = s.v FROM s WHERE t.id = s.id OR t.v = s.v",
    "UPDATE t SET v = s.v FROM s WHERE NOT t.id = s.id",
    "UPDATE t SET v = s.v FROM s WHERE t.id = t.v",
    "UPDATE t SET v = s.v FROM s WHERE t.id BETWEEN s.id AND s.id",
    "UPDATE t SET v = s.v FROM s WHERE t.id IN (s.id, 7)",
    "UPDATE t SET v = one.v FROM (SELECT MAX(v) AS v FROM s) AS one",
    "UPDATE t SET v = s.v FROM s, u WHERE s.id = u.id",
    "UPDATE t SET v = s.v FROM s JOIN u ON s.id = u.id",
    "UPDATE t AS target SET v = s.v FROM s WHERE target.v > s.v",
    "DELETE FROM t USING s",
    "DELETE FROM t USING s WHERE s.v = 20",
    "DELETE FROM t USING s WHERE t.id < s.id",
    "DELETE FROM t USING s WHERE t.id = s.id OR s.v = 20",
    "DELETE FROM t USING s, u WHERE s.id = u.id AND t.v = 1",
    "MERGE INTO t USING s ON t.id > s.id WHEN MATCHED THEN UPDATE SET v = s.v"
    " WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)",
]
TAKEN = [
    "UPDATE t SET v = s.v FROM s WHERE t.id = s.id",
    "UPDATE t SET v = s.v FROM s WHERE s.id = t.id AND t.v > 0",
    "UPDATE t SET v = s.v FROM s WHERE (t.v > 0 AND (t.id = s.id))",
    "UPDATE t SET v = s.v FROM s JOIN u ON s.id = u.id WHERE t.id = s.id",
    "UPDATE t SET v = one.v FROM (SELECT MAX(v) AS v FROM s) AS one WHERE t.v = one.v",
    "UPDATE t SET v = 0",
    "UPDATE t SET v = (SELECT MAX(s.v) FROM s)",
    "DELETE FROM t USING s WHERE t.id = s.id",
    "DELETE FROM t WHERE id IN (SELECT id FROM s)",
    "DELETE FROM t",
]


@pytest.fixture
def tables(redshift: Redshift) -> Redshift:
    redshift.ok([f"CREATE TABLE {name} (id INT, v INT)" for name in ("t", "s", "u")])
    redshift.ok(["INSERT INTO t VALUES (1, 1), (2, 2)", "INSERT INTO s VALUES (2, 20)", "INSERT INTO u VALUES (2, 0)"])
    return redshift


@pytest.mark.parametrize("sql", REFUSED)
def test_without_an_equijoin_of_its_target_a_statement_is_refused_in_redshifts_words(
    tables: Redshift, sql: str
) -> None:
    assert MESSAGE in tables.error(sql)
    assert tables.rows("SELECT id, v FROM t ORDER BY id") == [(1, 1), (2, 2)]


@pytest.mark.parametrize("sql", TAKEN)
def test_with_one_or_without_another_table_it_runs(tables: Redshift, sql: str) -> None:
    tables.ok(sql)
