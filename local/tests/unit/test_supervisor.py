"""The supervisor over a process of the tests' own: starts it, restarts it, ends with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local import processes, supervisor
from local.processes import heartbeat_file, held_file, is_healthy, log_file, log_tail
from local.settings import Settings
from local.tests.conformance.emulator import start_module, wait_until
from local.tests.unit.supervised_sleeper import SLEEPER

MODULE = "local.tests.unit.supervised_sleeper"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, 45_660)


@pytest.fixture
def running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = start_module(MODULE, settings)
    wait_until(lambda: sleeper(settings).get("pid") and is_healthy(settings, SLEEPER), "the sleeper is healthy")
    yield process
    process.terminate()
    process.wait(10)


def sleeper(settings: Settings) -> dict[str, Any]:
    """What the supervisor reports about the sleeper; empty if nothing."""
    try:
        return dict(json.loads(supervisor.state_file(settings).read_text())["processes"][0])
    except FileNotFoundError:
        return {}


def test_a_process_that_was_killed_is_restarted(settings: Settings, running: subprocess.Popen[bytes]) -> None:
    pid = sleeper(settings)["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: sleeper(settings).get("pid") not in (pid, None), "another one is started")
    assert sleeper(settings)["restarts"] == 1
    assert sleeper(settings)["last_exit"] == -signal.SIGKILL
    wait_until(lambda: is_healthy(settings, SLEEPER), "it is healthy")


def test_a_process_that_is_held_stays_dead_until_it_is_let_go(
    settings: Settings, running: subprocess.Popen[bytes]
) -> None:
    pid = sleeper(settings)["pid"]
    held_file(settings, SLEEPER.name).touch()
    wait_until(lambda: sleeper(settings)["pid"] is None, "it is dead")
    assert not psutil.pid_exists(pid)
    held_file(settings, SLEEPER.name).unlink()
    wait_until(lambda: is_healthy(settings, SLEEPER) and sleeper(settings)["pid"], "it is restarted")
    assert sleeper(settings)["pid"] != pid


def test_on_stop_it_stops_its_processes(settings: Settings, running: subprocess.Popen[bytes]) -> None:
    pid = sleeper(settings)["pid"]
    running.terminate()
    assert running.wait(10) == 0
    assert not psutil.pid_exists(pid)
    assert sleeper(settings) == {}


def test_the_processes_of_a_killed_supervisor_end_too(settings: Settings, running: subprocess.Popen[bytes]) -> None:
    pid = sleeper(settings)["pid"]
    running.kill()
    running.wait()
    wait_until(lambda: not psutil.pid_exists(pid), "the sleeper has ended")


def test_a_home_has_one_supervisor(settings: Settings, running: subprocess.Popen[bytes]) -> None:
    second = start_module(MODULE, settings)
    assert second.wait(10) != 0
    assert running.poll() is None


def test_a_process_without_a_sign_of_life_is_not_well(settings: Settings) -> None:
    assert not is_healthy(settings, SLEEPER)
    path = heartbeat_file(settings, SLEEPER.name)
    path.parent.mkdir(parents=True)
    path.touch()
    assert is_healthy(settings, SLEEPER)
    os.utime(path, (0, 0))
    assert not is_healthy(settings, SLEEPER)


def test_a_port_that_nobody_listens_on_is_not_well(settings: Settings) -> None:
    assert not is_healthy(settings, processes.Process("x", "x", 1.0, port_offset=0))


def test_a_log_is_kept_small_while_it_is_written(
    settings: Settings, running: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "MOST_LOG_BYTES", 100)
    path = log_file(settings, "sleeper")
    wait_until(lambda: path.stat().st_size > 200, "the log has grown")
    supervisor.bound(path)
    old = path.with_suffix(".log.1").read_text().splitlines()
    wait_until(lambda: path.stat().st_size > 0, "the log continues")
    assert b"\0" not in path.read_bytes()
    assert float(path.read_text().splitlines()[0]) > float(old[-1])


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("".join(f"{n}\n" for n in range(100_000)))
    assert log_tail(path, 2) == "99998\n99999"
    assert log_tail(tmp_path / "none.log") == ""
