"""Runs a case, which is {"sql": one or several, "expected": rows, "error" or "ANY"}, and names its outcome.

`expected` is a list of rows, or [rows, types, names] of which types and names may be null or left out; [] is any rows.
Outcomes: equal, refused (rightly), unsupported (refused though Redshift answers), taken (though Redshift refuses),
other (other rows).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from local.redshift.engine import Database
from local.redshift.errors import NotSupported, SqlError
from local.redshift.results import Result
from local.redshift.translate import compile_text
from local.tests.conformance.redshift.statements.seed import SEED
from shared.warehouse.migrations import all_statements

EQUAL, REFUSED, UNSUPPORTED, TAKEN, OTHER = "equal", "refused", "unsupported", "taken", "other"


@dataclass(frozen=True)
class Outcome:
    kind: str
    detail: str = ""


@contextmanager
def warehouse() -> Iterator[Database]:
    """A database with the project's tables, a row in some of them."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "swipeline.duckdb")
        try:
            with database.session() as session:
                session.begin()
                for sql in [*all_statements(), *SEED]:
                    session.run(compile_text(sql), 1, None)
                session.commit("seed")
            yield database
        finally:
            database.close()


def run(database: Database, case: dict[str, Any]) -> Outcome:
    """Run a case in a session of its own, of which nothing is kept."""
    sqls = [case["sql"]] if isinstance(case["sql"], str) else case["sql"]
    result: Result | None = None
    with database.session() as session:
        session.begin()
        try:
            for sql in sqls:
                _, result = session.run(compile_text(sql), 1, None)
        except NotSupported as error:
            return Outcome(REFUSED if case["expected"] == "error" else UNSUPPORTED, str(error))
        except SqlError as error:
            wanted = case.get("message", "")
            if case["expected"] == "error" and wanted not in str(error):
                return Outcome(OTHER, f"expected the error {wanted!r}, got {error}")
            return Outcome(REFUSED if case["expected"] == "error" else UNSUPPORTED, str(error))
        finally:
            session.rollback()
    if case["expected"] == "error":
        return Outcome(TAKEN, str(_rows(result)))
    return _compared(result, case["expected"])


def _compared(result: Result | None, expected: Any) -> Outcome:
    if expected == "ANY" or expected == []:
        return Outcome(EQUAL)
    rows, types, names = expected, None, None
    if expected[0] and isinstance(expected[0][0], list):
        rows, types, names = (*expected, None, None)[:3]
    found = _rows(result)
    if len(found) != len(rows) or not all(_same(a, b) for a, b in zip(found, rows, strict=True)):
        return Outcome(OTHER, f"expected {rows}, got {found}")
    columns = result.columns if result else []
    if types and [column["typeName"] for column in columns] != types:
        return Outcome(OTHER, f"expected types {types}, got {[column['typeName'] for column in columns]}")
    if names and [column["name"] for column in columns] != names:
        return Outcome(OTHER, f"expected names {names}, got {[column['name'] for column in columns]}")
    return Outcome(EQUAL)


def _rows(result: Result | None) -> list[list[Any]]:
    pages = [json.loads(page) for page in result.pages] if result else []
    return [[_plain(field) for field in row] for page in pages for row in page]


def _plain(field: dict[str, Any]) -> Any:
    ((kind, value),) = field.items()
    return None if kind == "isNull" else value


def _same(found: list[Any], expected: list[Any]) -> bool:
    return len(found) == len(expected) and all(_equal(a, b) for a, b in zip(found, expected, strict=True))


def _equal(found: Any, expected: Any) -> bool:
    """Equal as they are; a number of another type than the expected one by its value."""
    if type(found) is type(expected) and not isinstance(found, float):
        return bool(found == expected)
    if isinstance(found, bool) or isinstance(expected, bool) or found is None or expected is None:
        return False
    try:
        a, b = Decimal(str(found)), Decimal(str(expected))
    except InvalidOperation:
        return False
    return bool(a == b) or abs(a - b) <= abs(b) * Decimal("1e-9")
