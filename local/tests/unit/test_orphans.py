"""Processes that a killed supervisor left behind are found by their home, and ended."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import orphans, preflight, stack
from local.private import private_folder
from local.settings import HOST, Settings
from local.tests.conformance.emulator import start_module, wait_until

MODULE = "local.tests.unit.supervised_sleeper"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, 45_680)


@pytest.fixture
def child(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the home whose supervisor is of the tests' own."""
    supervisor = start_module(MODULE, settings)
    wait_until(lambda: orphans.find(settings), "a process of the home")
    yield supervisor
    supervisor.kill()
    supervisor.wait(10)
    orphans.end(orphans.find(settings))


def test_they_are_found_by_their_home(settings: Settings, child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert orphans.find(settings)
    assert orphans.find(Settings(tmp_path / "another", 45_680)) == []


def test_one_that_is_stopped_is_continued_and_ended(settings: Settings, child: subprocess.Popen[bytes]) -> None:
    [found] = orphans.find(settings)
    found.send_signal(signal.SIGSTOP)
    wait_until(lambda: found.status() == psutil.STATUS_STOPPED, "the process is stopped")
    child.kill()
    assert orphans.end([found]) == []
    wait_until(lambda: orphans.find(settings) == [], "nothing is left")


def test_a_start_ends_them_and_says_so(
    settings: Settings, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(stack, "_start", lambda *given: started.append(given))
    said: list[str] = []
    child.send_signal(signal.SIGSTOP)  # the processes of one that is killed end within a second
    private_folder(settings.run)
    (settings.run / "supervisor.json").unlink(missing_ok=True)
    stack._ensure_started(settings, said.append)
    assert started
    assert said[0].startswith("ending processes that were left without a supervisor: ")
    wait_until(lambda: orphans.find(settings) == [], "nothing is left")


def test_a_start_waits_for_the_stop_of_the_one_before(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[], []])
    said: list[str] = []
    started: list[Any] = []
    monkeypatch.setattr(stack, "_supervisor", lambda _: 4_194_304)
    monkeypatch.setattr(stack, "_supervisor_state", lambda _: {"stopping": True})
    monkeypatch.setattr(stack.orphans, "find", lambda _: next(answers))
    monkeypatch.setattr(stack, "_start", lambda *given: started.append(given))
    stack._ensure_started(settings, said.append)
    assert started
    assert said == ["waiting for the embedded AWS to stop", "starting the embedded AWS"]


def test_a_taken_udp_port_is_named(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, 0))
        with pytest.raises(preflight.PreflightError, match=r"UDP port \d+, which emulator"):
            preflight.check_ports(Settings(settings.home, other.getsockname()[1]))


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(preflight.PreflightError, match="cannot be used"):
        preflight.check_home(Settings(tmp_path / "file" / "home", 45_680))


def test_a_disk_that_is_too_small_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 20 * 2**20}))
    with pytest.raises(preflight.PreflightError, match="20 MiB left, the embedded AWS needs at least 256"):
        preflight.check_home(settings)
