"""Migrations on the embedded warehouse: adopted, repeated, killed, run side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import pytest

from local.tests.conformance.redshift.conftest import TARGET, Redshift
from shared.warehouse import migrations
from shared.warehouse.data_api import StatementFailedError, Warehouse
from shared.warehouse.migrations import LEDGER, MigrationError, migrate, read_migrations

ADDS = "ALTER TABLE staging.transaction ADD COLUMN device_id VARCHAR(256);\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's migrations, to which tests add their own."""
    path = tmp_path / "migrations"
    copytree(migrations._FOLDER, path)
    monkeypatch.setattr(migrations, "_FOLDER", path)
    return path


@pytest.fixture
def warehouse(own_redshift: Redshift) -> Warehouse:
    return Warehouse(own_redshift.client, TARGET["WorkgroupName"], TARGET["Database"])


def run(warehouse: Warehouse, reported: list[str] | None = None) -> list[str]:
    return migrate(warehouse, lambda: 60.0, [].append if reported is None else reported.append)


def next_name(folder: Path, what: str) -> str:
    return f"{len(list(folder.iterdir())) + 1:04d}_{what}"


def test_a_new_warehouse_gets_all_and_a_second_run_nothing(folder: Path, warehouse: Warehouse) -> None:
    reported: list[str] = []
    names = [migration.name for migration in read_migrations()]
    assert run(warehouse, reported) == names == reported
    assert run(warehouse) == []


def test_a_warehouse_from_before_the_ledger_is_adopted_with_its_rows(
    folder: Path, warehouse: Warehouse, own_redshift: Redshift
) -> None:
    own_redshift.ok(list(read_migrations()[0].statements))
    own_redshift.ok("INSERT INTO core.verdict VALUES ('T', 'fraud', 'me', GETDATE(), GETDATE())")
    assert run(warehouse)[0] == "0001_baseline"
    assert own_redshift.rows("SELECT transaction_id FROM core.verdict") == [("T",)]


def test_a_migration_that_fails_leaves_nothing_and_the_next_run_continues(
    folder: Path, warehouse: Warehouse, own_redshift: Redshift
) -> None:
    run(warehouse)
    bad = folder / f"{next_name(folder, 'device_id')}.sql"
    bad.write_text(f"{ADDS}SELECT missing FROM staging.transaction;\n")
    with pytest.raises(StatementFailedError, match="missing"):
        run(warehouse)
    assert "does not exist" in own_redshift.error("SELECT device_id FROM staging.transaction")
    bad.write_text(ADDS)
    assert run(warehouse) == [bad.stem]
    assert own_redshift.rows("SELECT device_id FROM staging.transaction") == []


def test_a_run_that_stops_between_two_is_continued(folder: Path, warehouse: Warehouse) -> None:
    first = folder / f"{next_name(folder, 'a')}.sql"
    first.write_text(ADDS)
    second = folder / f"{next_name(folder, 'b')}.sql"
    second.write_text("ALTER TABLE core.transaction ADD COLUMN device_id VARCHAR(256);\n")

    def killed(name: str) -> None:
        if name == second.stem:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate(warehouse, lambda: 60.0, killed)
    assert run(warehouse) == [second.stem]


def test_runs_side_by_side_apply_each_once(folder: Path, warehouse: Warehouse, own_redshift: Redshift) -> None:
    (folder / f"{next_name(folder, 'device_id')}.sql").write_text(ADDS)
    with ThreadPoolExecutor(3) as pool:
        applied = [name for names in pool.map(lambda _: run(warehouse), range(3)) for name in names]
    assert sorted(applied) == [migration.name for migration in read_migrations()]
    assert own_redshift.rows(f"SELECT COUNT(*), COUNT(DISTINCT number) FROM {LEDGER}") == [(len(applied), len(applied))]


def test_the_release_before_says_that_it_is_older_and_changes_nothing(folder: Path, warehouse: Warehouse) -> None:
    added = folder / f"{next_name(folder, 'device_id')}.sql"
    added.write_text(ADDS)
    run(warehouse)
    added.unlink()
    with pytest.raises(MigrationError, match="device_id, which this release does not know"):
        run(warehouse)
