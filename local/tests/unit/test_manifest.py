"""Damage to a stopped home is found before anything starts: restored from a copy, or named with nothing changed."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from local import manifest
from local.tests.unit import damage


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A stopped home: a database too large to be copied, S3 objects, state files, an empty file."""
    (tmp_path / "state" / "emulator").mkdir(parents=True)
    (tmp_path / "state" / "s3" / "lake").mkdir(parents=True)
    (tmp_path / "state" / "emulator" / "secretsmanager.json").write_text('{"card key": "..."}')
    (tmp_path / "state" / "emulator" / "empty.lock").touch()
    (tmp_path / "state" / "s3" / "lake" / "object").write_bytes(random.Random(1).randbytes(5_000))
    (tmp_path / "credentials").write_text("[root]\n")
    with sqlite3.connect(tmp_path / "state" / "emulator" / "tables.sqlite") as database:
        database.execute("CREATE TABLE t (body)")
        database.executemany("INSERT INTO t VALUES (randomblob(100))", [()] * 200)
    manifest.write(tmp_path)
    return tmp_path


def test_a_home_that_is_whole_is_left_alone(home: Path) -> None:
    before = damage.contents(home)
    assert manifest.check(home) == []
    assert damage.contents(home) == before


@pytest.mark.parametrize("copied", [0, 10**6])
def test_no_damage_goes_unnoticed(home: Path, monkeypatch: pytest.MonkeyPatch, copied: int) -> None:
    monkeypatch.setattr(manifest, "MOST_COPIED_BYTES", copied)
    manifest.write(home)
    ended, wrong = damage.run(home, trials=60, seed=copied)
    assert wrong == []
    assert ended["refused"] > 0
    assert (ended["recovered"] > 20) == (copied > 0)


def test_what_is_lost_is_said(home: Path) -> None:
    (home / "state" / "s3" / "lake" / "object").unlink()
    with pytest.raises(manifest.DamagedHomeError, match=r"state/s3/lake/object is missing: an S3 object"):
        manifest.check(home)


def test_the_lists_two_copies_are_not_both_needed_but_one_is(home: Path) -> None:
    (home / "manifest.json").write_text("{")
    assert [one.path for one in manifest.check(home)] == ["manifest.json"]
    (home / "copies" / "manifest.json").write_text("")
    with pytest.raises(manifest.DamagedHomeError, match="its copy are damaged"):
        manifest.check(home)


def test_a_home_that_runs_is_not_compared_with_what_it_was(home: Path) -> None:
    manifest.begin(home)
    (home / "state" / "emulator" / "secretsmanager.json").write_text("{}")
    assert manifest.check(home) == []  # after a kill
    manifest.write(home)
    (home / "state" / "emulator" / "secretsmanager.json").write_text("")
    assert manifest.check(home)
    assert (home / "state" / "emulator" / "secretsmanager.json").read_text() == "{}"


def test_files_that_did_not_change_are_not_read_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    digest = manifest.digest
    monkeypatch.setattr(manifest, "digest", lambda path: read.append(path.name) or digest(path))
    manifest.begin(home)
    (home / "state" / "s3" / "lake" / "new").write_text("new")
    manifest.write(home)
    assert "object" not in read
    assert "new" in read
