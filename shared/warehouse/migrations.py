"""The warehouse's schema: numbered files of redshift/migrations, each applied once and noted in a ledger.

A migration and its entry in the ledger are one transaction, so a run that was killed leaves it done or not done, and
the next run continues. Runs take turns by a lock on the ledger. A file never changes once a release has had it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import NamedTuple

from shared.warehouse.data_api import MAX_STATEMENTS, StatementFailedError, Warehouse
from shared.warehouse.sql import DIRECTORY, split_statements

LEDGER = "core.schema_migration"
_FOLDER = DIRECTORY / "migrations"
_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+")
# https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html: what Redshift runs in no transaction, or ends one.
_ALONE = re.compile(
    r"(VACUUM|TRUNCATE|COMMIT|BEGIN|END|ROLLBACK|CREATE EXTERNAL|DROP EXTERNAL)\b"
    r"|ALTER TABLE .*\b(ALTER (COLUMN|DISTSTYLE|DISTKEY|SORTKEY|ENCODE)|APPEND FROM)\b",
    re.IGNORECASE | re.DOTALL,
)
_CREATE_LEDGER = [
    "CREATE SCHEMA IF NOT EXISTS core",
    f"""CREATE TABLE IF NOT EXISTS {LEDGER} (
    number INTEGER NOT NULL, name VARCHAR(200) NOT NULL, checksum CHAR(64) NOT NULL,
    applied_at TIMESTAMP NOT NULL DEFAULT GETDATE()
)""",
]
_READ_LEDGER = f"SELECT number, name, checksum FROM {LEDGER} ORDER BY number"  # noqa: S608  a constant

_FAIL_IF_ANY = "SELECT CAST(CASE WHEN COUNT(*) = 0 THEN '0' ELSE 'applied by another run' END AS INTEGER) AS first"


IS_NEWER = "which this release does not know"


class MigrationError(Exception):
    """The warehouse and this release do not fit together; the message says what was found, and what to do."""


class Migration(NamedTuple):
    """One file: ``checksum`` is of its statements, so that a comment may be corrected."""

    number: int
    name: str
    statements: tuple[str, ...]
    checksum: str


def read_migrations() -> list[Migration]:
    """Read the files in their order. Raises MigrationError where a name, a number or a statement cannot be."""
    found = [_read(path.stem, path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.sql"))]
    for expected, migration in enumerate(found, 1):
        if migration.number != expected:
            raise MigrationError(f"{migration.name}: expected number {expected:04d}, without gaps or repeats")
    return found


def _read(name: str, text: str) -> Migration:
    match = _NAME.fullmatch(name)
    if not match:
        raise MigrationError(f"{name}: expected a name such as 0002_device_id")
    statements = tuple(split_statements(text))
    for statement in statements:
        if _ALONE.match(statement):
            raise MigrationError(f"{name}: Redshift does not run this in a transaction: {statement[:60]}")
    if not 0 < len(statements) <= MAX_STATEMENTS - 3:
        raise MigrationError(f"{name}: {len(statements)} statements, expected 1 to {MAX_STATEMENTS - 3}")
    checksum = hashlib.sha256("\n;\n".join(statements).encode()).hexdigest()
    return Migration(int(match[1]), name, statements, checksum)


def all_statements() -> list[str]:
    """Give what a new warehouse is made of, migration after migration."""
    return [statement for migration in read_migrations() for statement in migration.statements]


def pending(migrations: list[Migration], applied: dict[int, tuple[str, str]]) -> list[Migration]:
    """Give the migrations that a ledger (number -> name, checksum) does not have.

    Raises MigrationError when it has one that this release does not, or not like this: then nothing must be done.
    """
    known = {migration.number: migration for migration in migrations}
    newer = [name for number, (name, _) in sorted(applied.items()) if number not in known]
    if newer:
        raise MigrationError(
            f"the warehouse has {', '.join(newer)}, {IS_NEWER} (its last is "
            f"{migrations[-1].name}): deploy the newer release to migrate. Nothing was changed"
        )
    for number, (name, checksum) in sorted(applied.items()):
        if checksum != known[number].checksum:
            raise MigrationError(
                f"{name} was applied with other statements than this release has under that number: "
                "undo the edit, and put the change into a new migration. Nothing was changed"
            )
    return [migration for migration in migrations if migration.number not in applied]


def migrate(warehouse: Warehouse, seconds: Callable[[], float], report: Callable[[str], None]) -> list[str]:
    """Apply what is pending; give the names applied by this run. ``report`` hears of each before it begins.

    Raises MigrationError as :func:`pending` does, before anything is changed, and as Warehouse.run does.
    """
    migrations = read_migrations()
    warehouse.run("migrate-ledger", _CREATE_LEDGER, seconds())
    applied: list[str] = []
    for migration in pending(migrations, _ledger(warehouse, seconds())):
        report(migration.name)
        try:
            warehouse.run("migrate-warehouse", _transaction(migration), seconds())
        except StatementFailedError:
            if migration.number not in _ledger(warehouse, seconds()):
                raise
            continue  # another run was first
        applied.append(migration.name)
    return applied


def _transaction(migration: Migration) -> list[str]:
    values = f"{migration.number}, '{migration.name}', '{migration.checksum}'"
    note = f"INSERT INTO {LEDGER} (number, name, checksum) VALUES ({values})"  # noqa: S608  names of our own files
    # Fails where another run was first, since not every statement does when it is repeated.
    once = f"{_FAIL_IF_ANY} FROM {LEDGER} WHERE number = {migration.number}"
    return [f"LOCK {LEDGER}", once, *migration.statements, note]


def _ledger(warehouse: Warehouse, seconds: float) -> dict[int, tuple[str, str]]:
    rows = warehouse.run("read-migrations", [_READ_LEDGER], seconds)
    return {int(row["number"]): (row["name"], row["checksum"].strip()) for row in rows}
