"""Every statement of the product is within the table: it compiles for the warehouse's tables without a refusal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.redshift.dialect.aggregates import AGGREGATES, WINDOW_ONLY
from local.redshift.dialect.functions import FUNCTIONS
from local.redshift.engine import Database
from local.redshift.errors import SqlError
from local.redshift.translate import compile_text
from shared.warehouse.marts import FILES
from shared.warehouse.sql import in_list, read_statements
from tests.conformance.redshift.statements.cases import warehouse

ROOT = Path(__file__).parents[3]
FOLDERS = ("dashboard", "client", "functions", "shared", "handlers")
_SQL = re.compile(r"\s*(SELECT|WITH|INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b")
# Statements for SQLite and for DynamoDB's PartiQL.
_ELSEWHERE = r"FROM (batch|record|meta)\b|INTO (batch|record|meta)\b|(UPDATE|INTO|FROM) \""
_GRAMMAR = {
    "in",
    "as",
    "over",
    "and",
    "or",
    "cast",
    "extract",
    "exists",
    "when",
    "then",
    "values",
    "by",
    "from",
    "where",
    "select",
    "decimal",
    "varchar",
    "char",
    "join",
    "on",
    "partition",
    "not",
    "using",
    "union",
    "all",
    "x",
}


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with warehouse() as opened:
        yield opened


_VALUES = {
    "MANIFEST": "s3://b/k",
    "COPY_ROLE_ARN": "arn:aws:iam::000000000000:role/copy",
    "OLDEST": "1",
    "NEWEST": "2",
    "FILES": in_list(["s3://b/1", "s3://b/2"]),
}


def statements(path: Path) -> list[str]:
    return read_statements(str(path.relative_to(ROOT / "redshift")), **_VALUES)


def files() -> list[Path]:
    return sorted((ROOT / "redshift").rglob("*.sql"))


def migrations() -> list[Path]:
    return [path for path in files() if path.parent.name == "migrations"]


@pytest.mark.parametrize("path", [path for path in files() if path not in migrations()], ids=lambda path: path.name)
def test_a_file_of_redshift_contains_nothing_outside_the_table(database: Database, path: Path) -> None:
    """Run as they stand, in a transaction that is rolled back: each statement may need those before it."""
    install = [ROOT / "redshift" / "marts" / f"{name}.sql" for name in ("role", *FILES)]
    assert refusals(database, [*install, path]) == []


def test_a_migration_contains_nothing_outside_the_table(tmp_path: Path) -> None:
    """In their order, in a warehouse without tables: a migration is run once, and adds to what is there before it."""
    empty = Database(tmp_path / "swipeline.duckdb")
    try:
        assert refusals(empty, migrations()) == []
    finally:
        empty.close()


def refusals(database: Database, paths: list[Path]) -> list[tuple[str, str, str]]:
    refused = []
    with database.session() as session:
        session.begin()
        for file in dict.fromkeys(paths):
            for sql in statements(file):
                try:
                    compiled = compile_text(sql)
                    if compiled.kind != "copy":
                        session.run(compiled, 1, None)
                except SqlError as error:
                    refused.append((file.name, sql[:100], str(error)))
        session.rollback()
    return refused


def sql_in_code() -> list[tuple[str, str]]:
    """(where, SQL) of each string of the code that is a statement or a part of one for the warehouse."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in ast.walk(tree):
                text = _text(node) if id(node) not in within else ""
                if _SQL.match(text) and not re.search(_ELSEWHERE, text):
                    found.append((f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", text))
    return found


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else " x " for part in node.values)
    return ""


def test_the_code_calls_no_function_outside_the_table() -> None:
    known = {*FUNCTIONS, *AGGREGATES, *WINDOW_ONLY, "listagg", "percentile_cont", "percentile_disc"}
    unknown = [
        (place, name)
        for place, text in sql_in_code()
        for name in re.findall(r"\b([a-z_]+)\s*\(", text.lower())
        if name not in known and name not in _GRAMMAR
    ]
    assert len(sql_in_code()) > 20
    assert unknown == []


def test_a_whole_statement_of_the_code_is_taken(database: Database) -> None:
    """Those without parts to fill in; the others are run by the tests of the dashboard and the client."""
    refused = []
    with database.session() as session:
        session.begin()
        for name in ("role", *FILES):
            for sql in statements(ROOT / "redshift" / "marts" / f"{name}.sql"):
                session.run(compile_text(sql), 1, None)
        for place, text in sql_in_code():
            if " x " not in text and ":" not in text and re.search(r"\bFROM\s+(core|mart|staging|svv)", text):
                try:
                    session.run(compile_text(text), 1, None)
                except SqlError as error:
                    refused.append((place, text, str(error)))
        session.rollback()
    assert refused == []
