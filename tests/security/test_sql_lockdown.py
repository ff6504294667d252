"""SQL of the warehouse sees no file, no network and no setting of the engine: tried with all that the engine lists."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local.redshift import lockdown
from local.redshift.engine import Database
from local.redshift.errors import SqlError
from local.redshift.lockdown import SESSION_SETTINGS
from local.redshift.translate import compile_text
from local.redshift.variables import DEFAULTS

SECRET = "root:x:0:0"  # of the file that everybody tries to read
FILE = "/etc/passwd"


def listed(query: str) -> list[str]:
    with duckdb.connect(":memory:") as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


TABLE_FUNCTIONS = listed(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro') ORDER BY 1"
)
PRAGMAS = listed("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'pragma' ORDER BY 1")
SETTINGS = listed("SELECT name FROM duckdb_settings() ORDER BY 1")
OURS = {"generate_series", "unnest"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    found = Database(tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb")
    yield found
    found.close()


def run(database: Database, sql: str) -> tuple[int, Any]:
    """Compile and run as the Data API does, as the database's owner: number of rows and result. Raises SqlError."""
    with database.session() as session:
        session.begin()
        try:
            return session.run(compile_text(sql), 1, None)
        finally:
            session.rollback()


def test_the_engine_lists_what_is_tried() -> None:
    assert len(TABLE_FUNCTIONS) > 60
    assert {"read_csv", "read_text", "read_blob", "read_parquet", "glob", "sniff_csv", "enable_logging"} <= {
        *TABLE_FUNCTIONS
    }
    assert len(SETTINGS) > 100
    assert "enable_external_access" in SETTINGS


@pytest.mark.parametrize("name", [name for name in TABLE_FUNCTIONS if name not in OURS])
def test_no_table_function_of_the_engine_can_be_called(database: Database, name: str, tmp_path: Path) -> None:
    target = tmp_path / "written"
    calls = (
        f"{name}('{FILE}')",
        f"{name}()",
        f"{name}('{target}')",
        f"{name}(storage => 'file', storage_path => '{target}')",
        f"\"{name}\"('{FILE}')",
        f"{name.upper()}('{FILE}')",
        f"main.{name}('{FILE}')",
        f"system.main.{name}('{FILE}')",
        f'"system"."main"."{name}"(\'{FILE}\')',
        f"{name} /* x */ ('{FILE}')",
        f"{name}(1, 2, 3)",
        f"{name}('SELECT 1')",
    )
    places = (
        "SELECT * FROM {}",
        "SELECT * FROM {} AS t(a)",
        "SELECT * FROM (SELECT 1 AS a) s, {}",
        "SELECT * FROM (SELECT 1 AS a) s LEFT JOIN {} ON true",
        "SELECT * FROM (SELECT 1 AS a) s CROSS JOIN LATERAL {} x",
        "SELECT (SELECT COUNT(*) FROM {})",
        "WITH x AS (SELECT * FROM {}) SELECT * FROM x",
        "SELECT 1 UNION ALL SELECT * FROM {}",
        "CREATE TABLE stolen AS SELECT * FROM {}",
        "CREATE VIEW stolen AS SELECT * FROM {}",
        "CALL {}",
        "INSERT INTO public.t SELECT * FROM {}",
        "DELETE FROM public.t USING {} x WHERE true",
    )
    for sql in {*(place.format(calls[0]) for place in places), *(places[0].format(call) for call in calls)}:
        with pytest.raises(SqlError):
            run(database, sql)
    assert not target.exists()


@pytest.mark.parametrize("name", PRAGMAS)
def test_no_pragma_can_be_called(database: Database, name: str) -> None:
    for sql in (f"PRAGMA {name}", f"PRAGMA {name}('{FILE}')", f"PRAGMA {name} = '{FILE}'", f"CALL {name}('{FILE}')"):
        with pytest.raises(SqlError):
            run(database, sql)


@pytest.mark.parametrize("name", SETTINGS)
def test_no_setting_can_be_read_or_changed(database: Database, name: str, tmp_path: Path) -> None:
    statements = [
        f"SET GLOBAL {name} = '{tmp_path}/written'",
        f"PRAGMA {name}='{tmp_path}/written'",
        f"SELECT current_setting('{name}')",
    ]
    if name.lower() not in DEFAULTS:  # Redshift has parameters of these names, which the session itself answers for
        statements += [f"SET {name} = 'true'", f"SET SESSION {name} TO '{tmp_path}/written'", f"RESET {name}"]
    for sql in statements:
        with pytest.raises(SqlError):
            run(database, sql)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in SESSION_SETTINGS])
def test_the_engine_itself_is_locked(database: Database, name: str) -> None:
    """Below our SQL: whatever got through to the engine could not unlock it."""
    with database.session() as session:
        for sql in (f"SET {name} = '1'", f"RESET {name}"):
            with pytest.raises(duckdb.Error):
                session.connection.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM '{FILE}'",
        f'SELECT * FROM "{FILE}"',
        "SELECT * FROM 'any.csv'",
        "SELECT * FROM '*.parquet'",
        "SELECT * FROM 'any.json'",
        "SELECT * FROM 'any.duckdb'",
        "SELECT * FROM 'https://example.com/any.csv'",
        "SELECT * FROM 's3://bucket/any.parquet'",
        "SELECT * FROM session",
        "SELECT * FROM database",
        "SELECT * FROM visible_to_python",
        "SELECT * FROM duckdb_settings",
        "SELECT * FROM duckdb_databases",
        "SELECT * FROM main.duckdb_databases",
        "SELECT * FROM system.main.duckdb_databases",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM sqlite_master",
        f"ATTACH '{FILE}'",
        "ATTACH ':memory:' AS m",
        "DETACH warehouse",
        "USE memory",
        f"COPY (SELECT 1) TO '{FILE}'",
        f"COPY public.t TO '{FILE}'",
        f"COPY public.t FROM '{FILE}'",
        "UNLOAD ('SELECT 1') TO '/tmp/x'",
        "EXPORT DATABASE '/tmp/x'",
        "IMPORT DATABASE '/tmp/x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "FORCE INSTALL httpfs FROM community",
        "CREATE SECRET s (TYPE s3)",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
        "CREATE MACRO f() AS TABLE SELECT 1",
        f"CREATE FUNCTION f() RETURNS TABLE AS SELECT * FROM read_text('{FILE}')",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXPLAIN ANALYZE SELECT 1",
        "SHOW ALL TABLES",
        "SUMMARIZE public.t",
        "DESCRIBE public.t",
        "CHECKPOINT",
        "VACUUM ANALYZE public.t; ATTACH ':memory:' AS m",
        "SELECT getenv('HOME')",
        "SELECT write_log('x')",
        "SELECT main.current_setting('home_directory')",
        "SELECT \"current_setting\"('home_directory')",
        f"SELECT ('{FILE}').read_text()",
        f"SELECT read_text('{FILE}')",
        f"SELECT read_blob('{FILE}')",
        f"SELECT * FROM query('SELECT * FROM read_text(''{FILE}'')')",
        f"SELECT * FROM query_table('{FILE}')",
        "SELECT * FROM json_execute_serialized_sql('{}')",
        "SELECT 1; SELECT * FROM read_text('x')",
        f"FROM read_text('{FILE}')",
        f"SELECT * FROM TABLE(read_text('{FILE}'))",
        f"SELECT * FROM (read_text('{FILE}'))",
        f"VALUES ((SELECT content FROM read_text('{FILE}')))",
        f"PIVOT read_text('{FILE}') ON content",
    ],
)
def test_no_other_way_leads_to_a_file_or_out(database: Database, sql: str) -> None:
    visible_to_python = [1]
    assert visible_to_python
    try:
        found = run(database, sql)
    except (SqlError, duckdb.Error):
        return
    assert SECRET not in str(found)
    assert found[0] == 0, found


def test_what_redshift_has_still_works(database: Database) -> None:
    for sql in (
        "SELECT COUNT(*) FROM (SELECT 1 AS a UNION ALL SELECT 2) x",
        "SELECT schemaname FROM pg_table_def",
        "SELECT table_name FROM svv_tables",
        "SELECT version()",
        "SELECT REPEAT('a', 3), GETDATE(), SYSDATE, MD5('a'), APPROXIMATE COUNT(DISTINCT 1)",
        "CREATE TABLE version (query INTEGER, glob VARCHAR(10), summary INTEGER)",
    ):
        run(database, sql)


def test_names_of_the_engine_s_functions_are_good_names_of_tables_and_columns(database: Database) -> None:
    with database.session() as session:
        session.begin()
        for sql in (
            "CREATE TABLE platform (query INTEGER, functions INTEGER)",
            "INSERT INTO platform (query, functions) VALUES (1, 2)",
            "WITH summary (a) AS (SELECT query FROM platform) SELECT a FROM summary",
            "SELECT 'read_text(''x'')', \"query\" FROM \"platform\"",
        ):
            session.run(compile_text(sql), 1, None)
        session.rollback()


def test_a_large_sort_still_spills_to_the_database_s_own_folder(tmp_path: Path) -> None:
    database = Database(tmp_path / "w" / "warehouse.duckdb", memory_limit="60MB")
    seen: list[bool] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            seen.append((tmp_path / "w" / "warehouse.tmp").exists())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        with database.session() as session:
            sql = "SELECT COUNT(*) FROM (SELECT a, MD5(CAST(a AS VARCHAR)) AS m FROM range(2000000) AS t(a) ORDER BY m)"
            session.connection.execute(sql).fetchall()
    finally:
        done.set()
        thread.join()
        database.close()
    assert any(seen)
    assert lockdown.CONFIG["autoload_known_extensions"] == "false"
