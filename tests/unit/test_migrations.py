"""Which migrations a warehouse needs, and when nothing must be done; on the embedded warehouse: test_migrate.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.warehouse import migrations
from shared.warehouse.migrations import Migration, MigrationError, pending, read_migrations

TWO = [Migration(1, "0001_a", ("CREATE SCHEMA a",), "1" * 64), Migration(2, "0002_b", ("CREATE SCHEMA b",), "2" * 64)]


def test_what_the_ledger_has_not_is_pending_in_order() -> None:
    assert pending(TWO, {}) == TWO
    assert pending(TWO, {1: ("0001_a", "1" * 64)}) == TWO[1:]
    assert pending(TWO, {1: ("0001_a", "1" * 64), 2: ("0002_b", "2" * 64)}) == []


def test_a_release_older_than_the_warehouse_says_so_and_does_nothing() -> None:
    with pytest.raises(MigrationError, match=r"has 0003_c.*last is 0002_b.*Nothing was changed"):
        pending(TWO, {1: ("0001_a", "1" * 64), 3: ("0003_c", "3" * 64)})


def test_a_migration_that_was_edited_after_it_was_applied_is_noticed() -> None:
    with pytest.raises(MigrationError, match=r"0001_a was applied with other statements"):
        pending(TWO, {1: ("0001_a", "9" * 64)})


def test_a_comment_may_be_corrected() -> None:
    first, second = (migrations._read("0001_a", f"-- {word}\nCREATE SCHEMA a;\n") for word in ("one", "two"))
    assert first == second


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"first.sql": "CREATE SCHEMA a;"}, "expected a name such as 0002_device_id"),
        ({"0002_a.sql": "CREATE SCHEMA a;"}, "expected number 0001"),
        ({"0001_a.sql": "CREATE SCHEMA a;", "0001_b.sql": "CREATE SCHEMA b;"}, "expected number 0002"),
        ({"0001_a.sql": "-- nothing\n"}, "0 statements"),
        ({"0001_a.sql": "SELECT 1;\n" * 38}, "38 statements"),
        ({"0001_a.sql": "VACUUM core.t;"}, "in a transaction"),
        ({"0001_a.sql": "TRUNCATE core.t;"}, "in a transaction"),
        ({"0001_a.sql": "ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(9);"}, "in a transaction"),
        ({"0001_a.sql": "ALTER TABLE t\nAPPEND FROM u;"}, "in a transaction"),
    ],
)
def test_a_file_that_cannot_be_a_migration_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], says: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(migrations, "_FOLDER", tmp_path)
    with pytest.raises(MigrationError, match=says):
        read_migrations()


def test_the_migrations_of_the_project_can_be_read() -> None:
    assert [migration.number for migration in read_migrations()] == list(range(1, len(read_migrations()) + 1))
