"""Database roles, grants and comments: what an analyst's session may, and what Redshift says when it may not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local.tests.conformance.redshift.conftest import TARGET, Redshift
from shared.warehouse.data_api import Warehouse
from shared.warehouse.marts import install
from shared.warehouse.migrations import all_statements

SETUP = [
    "CREATE SCHEMA shown",
    "CREATE SCHEMA hidden",
    "CREATE TABLE hidden.secret (a INTEGER, b VARCHAR(10))",
    "INSERT INTO hidden.secret VALUES (1, 'x')",
    "CREATE TABLE shown.plain (a INTEGER)",
    "CREATE VIEW shown.window_on_it AS SELECT a FROM hidden.secret",
    "CREATE ROLE reader",
    "GRANT USAGE ON SCHEMA shown TO ROLE reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA shown TO ROLE reader",
]


@pytest.fixture
def ready(own_redshift: Redshift) -> Redshift:
    own_redshift.ok(SETUP)
    own_redshift.gate.roles["ann"] = ("reader",)
    return own_redshift


def as_ann(redshift: Redshift, sql: str, **parameters: Any) -> Any:
    """The rows, or the error's text."""
    client = redshift.client_of("ann")
    started = client.execute_statement(Sql=sql, **TARGET, WaitTimeSeconds=20, **parameters)
    state = client.describe_statement(Id=started["Id"], WaitTimeSeconds=20)
    if state["Status"] != "FINISHED":
        return state["Error"]
    if not state["HasResultSet"]:
        return None
    return [[next(iter(f.values())) for f in r] for r in client.get_statement_result(Id=started["Id"])["Records"]]


def test_a_role_reads_what_it_was_granted_and_views_read_with_their_owners_rights(ready: Redshift) -> None:
    assert as_ann(ready, "SELECT COUNT(*) FROM shown.plain") == [[0]]
    assert as_ann(ready, "SELECT a FROM shown.window_on_it WHERE a = :a", Parameters=[{"name": "a", "value": "1"}]) == [
        [1]
    ]
    assert as_ann(ready, "WITH plain AS (SELECT a FROM shown.plain) SELECT COUNT(*) FROM plain") == [[0]]
    assert as_ann(ready, "SELECT COUNT(*) FROM svv_tables WHERE table_schema = 'shown'") == [[2]]


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("SELECT b FROM hidden.secret", "schema hidden"),
        ("SELECT p.a FROM shown.plain AS p JOIN hidden.secret AS s ON s.a = p.a", "schema hidden"),
        ("SELECT a FROM shown.plain WHERE a IN (SELECT a FROM hidden.secret)", "schema hidden"),
        ("WITH x AS (SELECT b FROM hidden.secret) SELECT b FROM x", "schema hidden"),
        ("SELECT a FROM shown.plain UNION ALL SELECT a FROM hidden.secret", "schema hidden"),
        ("SELECT role_name FROM main._grant", "schema main"),
        ("SELECT * FROM read_csv('/etc/hostname')", "function"),
        ("SELECT * FROM duckdb_settings()", "function"),
        ("SELECT err_reason FROM stl_load_errors", "relation stl_load_errors"),
        ("INSERT INTO shown.plain VALUES (1)", "may only read"),
        ("DELETE FROM shown.plain", "may only read"),
        ("DROP TABLE shown.plain", "may only read"),
        ("CREATE TABLE shown.own (a INTEGER)", "may only read"),
        ("CREATE TEMP TABLE own AS SELECT b FROM hidden.secret", "schema hidden"),
        ("CREATE TABLE public.own AS SELECT b FROM hidden.secret", "schema hidden"),
        ("GRANT USAGE ON SCHEMA hidden TO ROLE reader", "may only read"),
    ],
)
def test_a_role_gets_nothing_else(ready: Redshift, sql: str, refusal: str) -> None:
    answer = as_ann(ready, sql)
    assert isinstance(answer, str), answer
    assert answer.startswith("ERROR: permission denied"), answer
    assert refusal in answer


@pytest.mark.parametrize(
    ("sql", "revoke", "refusal"),
    [
        ("CREATE TABLE public.own (a INTEGER)", "CREATE ON SCHEMA public", "for schema public"),
        ("CREATE TABLE own_too (a INTEGER)", "CREATE ON SCHEMA public", "for schema public"),
        ("CREATE TEMP TABLE own (a INTEGER)", "TEMP ON DATABASE swipeline", "to create temporary tables"),
    ],
)
def test_everybody_may_create_tables_in_public_and_temporary_ones_until_that_is_revoked(
    ready: Redshift, sql: str, revoke: str, refusal: str
) -> None:
    assert as_ann(ready, sql) is None
    ready.ok(f"REVOKE {revoke} FROM PUBLIC")
    assert refusal in as_ann(ready, sql.replace("own", "other"))
    ready.ok(f"GRANT {revoke} TO PUBLIC")
    assert as_ann(ready, sql.replace("own", "other")) is None


def test_a_rebuilt_relation_has_lost_its_grants_and_comments(ready: Redshift) -> None:
    ready.ok(["COMMENT ON VIEW shown.window_on_it IS 'it''s one'", "COMMENT ON COLUMN shown.window_on_it.a IS 'a'"])
    remarks = "SELECT remarks FROM svv_columns WHERE table_name = 'window_on_it'"
    assert ready.rows(remarks) == [("a",)]
    assert ready.rows("SELECT remarks FROM svv_tables WHERE table_name = 'window_on_it'") == [("it's one",)]
    ready.ok(["DROP VIEW shown.window_on_it", "CREATE VIEW shown.window_on_it AS SELECT a FROM hidden.secret"])
    assert as_ann(ready, "SELECT a FROM shown.window_on_it") == "ERROR: permission denied for relation window_on_it"
    assert ready.rows(remarks) == [(None,)]


def test_revoking_and_dropping_a_role_takes_effect(ready: Redshift) -> None:
    ready.ok("REVOKE SELECT ON shown.plain FROM ROLE reader")
    assert as_ann(ready, "SELECT a FROM shown.plain") == "ERROR: permission denied for relation plain"
    ready.ok("DROP ROLE reader")
    assert as_ann(ready, "SELECT a FROM shown.window_on_it") == "ERROR: permission denied for schema shown"


def test_roles_and_grants_outlive_a_restart(ready: Redshift) -> None:
    ready.stop()
    ready.start()
    assert as_ann(ready, "SELECT a FROM shown.window_on_it") == [[1]]
    assert ready.rows("SELECT role_name FROM svv_roles") == [("reader",)]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("CREATE ROLE reader", 'role "reader" already exists'),
        ("GRANT USAGE ON SCHEMA shown TO ROLE nobody", 'role "nobody" does not exist'),
        ("GRANT USAGE ON SCHEMA nowhere TO ROLE reader", 'schema "nowhere" does not exist'),
        ("GRANT SELECT ON shown.nothing TO ROLE reader", 'relation "shown.nothing" does not exist'),
        ("GRANT UPDATE ON shown.plain TO ROLE reader", "is not supported by this server"),
        ("GRANT SELECT ON shown.plain TO PUBLIC", "is not supported by this server"),
        ("COMMENT ON TABLE shown.nothing IS 'x'", 'relation "shown.nothing" does not exist'),
        ("COMMENT ON COLUMN shown.plain.b IS 'x'", 'column "b" of relation "plain" does not exist'),
    ],
)
def test_what_cannot_be_done_is_reported(ready: Redshift, sql: str, error: str) -> None:
    assert error in ready.error(sql)


def test_the_analyst_reads_the_marts_and_neither_core_nor_staging_nor_what_the_refresh_remembers(
    own_redshift: Redshift,
) -> None:
    warehouse = Warehouse(own_redshift.client, TARGET["WorkgroupName"], TARGET["Database"])
    own_redshift.ok(all_statements())
    install(warehouse, 60)
    own_redshift.gate.roles["ann"] = ("analyst",)
    marts = [table["name"] for table in own_redshift.client.list_tables(**TARGET, SchemaPattern="mart")["Tables"]]
    assert len(marts) > 15
    for mart in marts:
        assert isinstance(as_ann(own_redshift, f"SELECT * FROM mart.{mart}"), list), mart
    for table in ("core.transaction", "core.customer", "staging.transaction", "refresh.customer"):
        assert "permission denied for schema" in as_ann(own_redshift, f"SELECT * FROM {table}")
    for statement in (
        "CREATE TABLE public.mine (a INTEGER)",
        "CREATE TABLE mine (a INTEGER)",
        "CREATE TEMP TABLE mine AS SELECT category FROM mart.purchase",
        "CREATE TABLE mart.mine (a INTEGER)",
        "CREATE SCHEMA mine",
        "CREATE VIEW mine AS SELECT 1 AS a",
        "CREATE VIEW mart.mine AS SELECT 1 AS a",
        "INSERT INTO mart.purchase SELECT * FROM mart.purchase",
        "UPDATE mart.purchase SET is_alert = TRUE",
        "DELETE FROM mart.purchase",
        "TRUNCATE mart.purchase",
        "DROP TABLE mart.purchase",
        "DROP VIEW mart.overview",
        "ALTER TABLE mart.purchase RENAME TO mine",
        "LOCK mart.purchase",
        "GRANT SELECT ON mart.purchase TO ROLE analyst",
        "GRANT USAGE ON SCHEMA core TO ROLE analyst",
        "COMMENT ON TABLE mart.purchase IS 'mine'",
        "CREATE ROLE mine",
        "DROP ROLE analyst",
        "CREATE USER mine PASSWORD 'Abcdefg1'",
        "COPY mart.purchase FROM 's3://b/1' IAM_ROLE 'arn:aws:iam::000000000000:role/copy' FORMAT AS PARQUET",
    ):
        said = as_ann(own_redshift, statement)
        assert isinstance(said, str), f"it may {statement}"
        assert re.search("permission denied|must be owner|must be superuser", said), (statement, said)
