"""Starts and stops the embedded AWS, deploys into it, and reports what runs, for the command line."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from botocore.exceptions import BotoCoreError

from local import manifest, orphans, room
from local.clients import Clients
from local.credentials import CredentialsError
from local.deploy import DeployError, deploy, describe_stack, outputs
from local.manifest import DamagedHomeError
from local.preflight import PreflightError, check_home, check_ports, explain
from local.private import NotPrivateError, make_private, open_private, private_folder, privately
from local.processes import PROCESSES, Process, is_healthy, log_file, log_tail
from local.project import ROOT
from local.settings import Settings
from local.supervisor import code_version, state_file

STAGE = "local"
START_SECONDS = 90.0
STOP_SECONDS = 640.0
MAPPINGS = "SELECT function_name, state, reason FROM mapping"
DELIVERIES = "SELECT stream, state, reason FROM delivery"


class StackError(RuntimeError):
    """The embedded AWS cannot be started, deployed or stopped; the message says what to do."""


@dataclass(frozen=True)
class ProcessStatus:
    """One process. `memory_bytes` has its children's too: the emulator's are the functions."""

    name: str
    pid: int | None
    port: int | None
    since: float | None
    memory_bytes: int
    healthy: bool
    restarts: int


@dataclass(frozen=True)
class Part:
    """An event source mapping or delivery stream: Running, Waiting, Disabled, Refused or Stopped, and the reason."""

    name: str
    state: str
    reason: str


@dataclass(frozen=True)
class Status:
    """What runs where."""

    home: str
    endpoint: str
    redshift_endpoint: str
    supervisor_pid: int | None
    processes: list[ProcessStatus]
    deployed: bool = False
    outputs: dict[str, str] = field(default_factory=dict)
    event_source_mappings: list[Part] = field(default_factory=list)
    delivery_streams: list[Part] = field(default_factory=list)
    disk: str = ""  # why writes have stopped; empty while there is room

    @property
    def running(self) -> bool:
        """True when every process is healthy."""
        return self.supervisor_pid is not None and all(process.healthy for process in self.processes)


def up(stage: str = STAGE, report: Callable[[str], None] = lambda _: None, parameters: Sequence[str] = ()) -> Status:
    """Start what isn't running and deploy what has changed. `report` hears what is being done. Raises StackError.

    `parameters` are name=value, as for `sls --param`.
    """
    if stage != STAGE:
        raise StackError(
            f"the embedded AWS has stage {STAGE!r} only: deploy {stage!r} with `sls deploy --stage {stage}`"
        )
    settings = Settings.from_environment()
    with privately(), _explained(settings):
        return _up(settings, stage, report, parameters)


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (NotPrivateError, CredentialsError) as error:
        raise StackError(f"{error} (the home of the embedded AWS is {settings.home}, see SWIPELINE_HOME)") from error
    except (PreflightError, DamagedHomeError) as error:
        raise StackError(str(error)) from error
    except OSError as error:
        raise StackError(explain(error, settings)) from error


def _up(settings: Settings, stage: str, report: Callable[[str], None], parameters: Sequence[str]) -> Status:
    room.limit_from(os.environ)
    if _supervisor(settings) is None:
        check_home(settings)
    with _only_one_start(settings, report):
        _ensure_started(settings, report)
    report("deploying")
    try:
        changed = deploy(settings, Clients(settings, "up"), stage, parameters)
    except DeployError as error:
        raise StackError(str(error)) from error
    except BotoCoreError as error:
        raise StackError(
            f"the emulator does not answer: {error}\n{log_tail(log_file(settings, 'emulator'))}"
        ) from error
    report("deployed" if changed else "nothing to deploy")
    return status()


def _ensure_started(settings: Settings, report: Callable[[str], None]) -> None:
    """Have all processes run. What is left of a supervisor that was killed is ended first."""
    pid = _supervisor(settings)
    if pid is not None and _supervisor_state(settings).get("stopping"):
        report("waiting for the embedded AWS to stop")
        if not _gone([pid], STOP_SECONDS):
            raise StackError(f"the supervisor of {settings.home} (pid {pid}) does not end")
        pid = None
    if pid is not None and (stopped := orphans.resume(orphans.find(settings))):
        report(f"continuing processes that were stopped: {', '.join(map(str, stopped))}")
    if pid is not None and _supervisor_state(settings).get("code") != code_version():
        report("stopping the embedded AWS: it runs older code")
        down()
        pid = None
    if pid is not None:
        _wait_until_well(settings, fresh=False)
        return
    if left := orphans.find(settings):
        pids = ", ".join(str(one.pid) for one in left)
        report(f"ending processes that were left without a supervisor: {pids}")
        if stay := orphans.end(left):
            raise StackError(f"processes of {settings.home} do not end: {', '.join(map(str, stay))}")
    report("starting the embedded AWS")
    _start(settings, report)


@contextmanager
def _only_one_start(settings: Settings, report: Callable[[str], None]) -> Iterator[None]:
    """Of two commands that start the same home, the second waits, and finds it started."""
    with os.fdopen(open_private(private_folder(settings.run) / "start.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another command that starts the embedded AWS")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def down() -> bool:
    """Stop all processes; the state stays. False when nothing ran. Raises StackError when they don't end."""
    settings = Settings.from_environment()
    pid = _supervisor(settings)
    if pid is None:
        return bool(left := orphans.find(settings)) and not orphans.end(left)
    pids = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    os.kill(pid, signal.SIGTERM)
    orphans.resume(orphans.find(settings))  # one that is stopped would not hear of it
    if not _gone(pids, STOP_SECONDS):
        for left in filter(psutil.pid_exists, pids):
            os.kill(left, signal.SIGKILL)
        if not _gone(pids, 10.0):
            raise StackError(f"the processes of {settings.home} do not end")
    state_file(settings).unlink(missing_ok=True)
    shutil.rmtree(settings.functions, ignore_errors=True)
    return True


def reset() -> None:
    """Stop everything and remove all state: streams, tables, buckets, warehouse, logs."""
    down()
    settings = Settings.from_environment()
    for directory in (settings.state, settings.logs, settings.run):
        shutil.rmtree(directory, ignore_errors=True)
    manifest.remove(settings.home)


def status() -> Status:
    """What runs where; asks the processes, so it takes up to some seconds when one hangs."""
    settings = Settings.from_environment()
    supervisor = _supervisor(settings)
    state = _supervisor_state(settings) if supervisor is not None else {}
    by_name = {item["name"]: item for item in state.get("processes", [])}
    processes = [_process_status(settings, process, by_name.get(process.name)) for process in PROCESSES]
    healthy = {process.name: process.healthy for process in processes}
    stack: dict[str, Any] | None = None
    if healthy["emulator"]:
        try:
            stack = describe_stack(Clients(settings, "status"), STAGE)
        except BotoCoreError:
            stack = None
    return Status(
        home=str(settings.home),
        endpoint=settings.endpoint,
        redshift_endpoint=settings.redshift_endpoint,
        supervisor_pid=supervisor,
        processes=processes,
        deployed=stack is not None,
        outputs=outputs(stack),
        event_source_mappings=_parts(settings, "event_sources.sqlite", MAPPINGS, healthy["event-sources"]),
        delivery_streams=_parts(settings, "firehose.sqlite", DELIVERIES, healthy["firehose"]),
        disk=_disk_problem(settings),
    )


def _start(settings: Settings, report: Callable[[str], None] = lambda _: None) -> None:
    make_private(settings.home)
    for directory in (settings.state, settings.logs, settings.run):
        private_folder(directory)
    check_ports(settings)
    for damage in manifest.check(settings.home):
        report(f"recovered from its copy: {damage}")
    state_file(settings).unlink(missing_ok=True)  # of a supervisor that was killed: its restarts are not this one's
    with log_file(settings, "supervisor").open("ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "local.supervisor"],
            cwd=ROOT,
            env=settings.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait_until_well(settings, fresh=True)


def _wait_until_well(settings: Settings, *, fresh: bool) -> None:
    deadline = time.monotonic() + START_SECONDS
    waiting = list(PROCESSES)
    while waiting:
        waiting = [process for process in waiting if not is_healthy(settings, process)]
        items = _supervisor_state(settings).get("processes", [])
        for item in items:
            if fresh and item["restarts"] >= 2 and any(process.name == item["name"] for process in waiting):
                down()
                raise StackError(
                    f"{item['name']} ends again and again (exit code {item['last_exit']}):\n"
                    f"{log_tail(log_file(settings, item['name']))}"
                )
        if waiting and time.monotonic() > deadline:
            name = waiting[0].name
            raise StackError(f"{name} is not up after {START_SECONDS:.0f} s:\n{log_tail(log_file(settings, name))}")
        if waiting:
            time.sleep(0.05)


def _supervisor_state(settings: Settings) -> dict[str, Any]:
    try:
        return dict(json.loads(state_file(settings).read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _supervisor(settings: Settings) -> int | None:
    """The supervisor's pid, if it lives. A pid that was given to another program since is not believed."""
    pid = _supervisor_state(settings).get("pid")
    if pid is None:
        return None
    try:
        command = psutil.Process(pid).cmdline()
    except psutil.Error:
        return None
    return int(pid) if "local.supervisor" in command else None


def _process_status(settings: Settings, process: Process, known: dict[str, Any] | None) -> ProcessStatus:
    pid = known["pid"] if known else None
    return ProcessStatus(
        name=process.name,
        pid=pid,
        port=process.port(settings),
        since=known["since"] if known else None,
        memory_bytes=_memory(pid) if pid else 0,
        healthy=pid is not None and is_healthy(settings, process),
        restarts=known["restarts"] if known else 0,
    )


def _memory(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.Error:
        return total
    return total


def _parts(settings: Settings, database: str, query: str, running: bool) -> list[Part]:
    path = settings.state / database
    if not path.exists():
        return []
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1) as db:
            parts = [Part(*row) for row in db.execute(f"{query} ORDER BY 1")]
    except sqlite3.OperationalError:
        return []
    # What the database says is what its process knew last.
    return parts if running else [Part(part.name, "Stopped", "") for part in parts]


def _disk_problem(settings: Settings) -> str:
    try:
        return room.Room(settings.home, room.limit_from(os.environ)).problem()
    except OSError:  # no home yet
        return ""


def _gone(pids: list[int], seconds: float) -> bool:
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive
