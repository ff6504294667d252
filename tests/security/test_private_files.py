"""Homes, locks and credentials are their owner's alone, whatever the umask and whatever somebody laid there before."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from local import deploy, supervisor
from local.credentials import CredentialsError, root_key
from local.private import NotPrivateError, make_private, open_private, private_folder
from local.processes import Process
from local.project import current
from local.settings import Settings
from tests.security.another_user import read_by_another_user

NOBODY = 65534


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    earlier = os.umask(request.param)
    yield request.param
    os.umask(earlier)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*") if not path.is_symlink()}


def test_the_root_key_is_drawn_once_and_is_its_owners_alone(tmp_path: Path, umask: int) -> None:
    home = tmp_path / "home"
    key = root_key(home)
    assert root_key(home) == key
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "credentials").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["credentials"]
    assert root_key(tmp_path / "another") != key
    assert key.secret_access_key not in repr(key)
    assert len(key.access_key_id) == 20
    assert len(key.secret_access_key) >= 40


def test_processes_that_start_at_once_draw_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: root_key(tmp_path / "home"), range(64)))) == 1


def test_credentials_that_others_could_read_are_closed_and_broken_ones_named(tmp_path: Path) -> None:
    key = root_key(tmp_path)
    file = tmp_path / "credentials"
    file.chmod(0o644)
    assert root_key(tmp_path) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("nothing")
    with pytest.raises(CredentialsError, match=str(file)):
        root_key(tmp_path)
    file.unlink()
    file.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="symbolic links"):
        root_key(tmp_path)


def test_a_home_of_an_older_version_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "state" / "s3" / "bucket").mkdir(parents=True)
    (home / "state" / "s3" / "bucket" / "object").write_text("card key")
    (home / "run.sh").write_text("#!/bin/sh")
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (home / "link").symlink_to(outside)
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    outside.chmod(0o644)
    make_private(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert modes(home) == {0o700}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644, "a symlink is not followed"


def test_a_folder_is_private_or_refused(tmp_path: Path, umask: int) -> None:
    assert stat.S_IMODE(private_folder(tmp_path / "a" / "b").stat().st_mode) == 0o700
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    assert stat.S_IMODE(private_folder(tmp_path / "open").stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "open")
    with pytest.raises(NotPrivateError):
        private_folder(tmp_path / "link")


def test_a_lock_never_follows_a_symlink_and_never_cuts_a_file(tmp_path: Path, umask: int) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        open_private(tmp_path / "lock")
    os.close(open_private(victim))
    assert victim.read_text() == "precious"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o600
    os.close(open_private(tmp_path / "new"))
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_a_deploy_lock_that_is_a_symlink_destroys_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = replace(current(), folder=tmp_path, home="locks")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with deploy.only_one_deploy(project):
        assert {path.name for path in tmp_path.iterdir()} == {"locks"}, "nothing in the temporary folder"
    assert modes(tmp_path) == {0o700, 0o600}
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "locks" / "deploy.lock").unlink()
    (tmp_path / "locks" / "deploy.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic links"), deploy.only_one_deploy(project):
        pass
    assert (tmp_path / "victim").read_text() == "precious"


def test_what_a_supervisor_writes_is_private(tmp_path: Path, umask: int) -> None:
    settings = Settings(tmp_path / "home", 4566)

    stopping = threading.Event()
    stopping.set()
    supervisor.supervise(settings, stopping, [Process("calendar", "calendar", 5.0)])
    assert modes(settings.home) == {0o700, 0o600}
    assert (settings.logs / "calendar.log").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_another_user_of_the_machine_reads_nothing_of_a_home(tmp_path: Path, umask: int) -> None:
    home = tmp_path / "home"
    root_key(home)
    private_folder(home / "state")
    os.close(open_private(home / "state" / "secret"))
    assert read_by_another_user(home) == []
    (home / "state").chmod(0o755)
    (home / "state" / "secret").chmod(0o644)
    assert read_by_another_user(home) == [str(home / "state"), str(home / "state" / "secret")], "it would be seen"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_home_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    with pytest.raises(NotPrivateError, match="another user"):
        root_key(home)
