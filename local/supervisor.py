"""`python -m local.supervisor`: starts the processes of the embedded AWS, restarts what dies, stops all on SIGTERM."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import manifest
from local.private import open_private, private_folder, private_umask
from local.process import start_logging, stop_signal
from local.processes import PROCESSES, Process, heartbeat_file, held_file, is_healthy, log_file
from local.project import ROOT
from local.settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.25
FIRST_RESTART_SECONDS = 0.5
MOST_RESTART_SECONDS = 30.0
# A process that has run this long is not failing again and again.
SETTLED_SECONDS = 60.0
EMULATOR_START_SECONDS = 60.0
MOST_LOG_BYTES = 10 * 1024 * 1024


@dataclass
class Child:
    """A process and its fate so far."""

    process: Process
    popen: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    since: float = 0.0
    restarts: int = 0
    failures: int = 0
    not_before: float = 0.0
    last_exit: int | None = None


def state_file(settings: Settings) -> Path:
    """What the supervisor reports about itself and its processes, as JSON."""
    return settings.run / "supervisor.json"


def code_version() -> str:
    """A hash of `local/`: a stack that was started from other code is not the one that was asked for."""
    digest = hashlib.sha256(sys.version.encode())
    folder = Path(__file__).resolve().parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


class Supervisor:
    """Owns the processes of one home; a lock file keeps a second one out."""

    def __init__(self, settings: Settings, processes: Sequence[Process] = PROCESSES) -> None:
        self._settings = settings
        self._children = [Child(process) for process in processes]
        self._code = code_version()
        self._published = ""
        self._stopping = False

    def start_all(self, stopping: threading.Event) -> None:
        """The emulator first; the others are started once it answers, or after a while all the same."""
        emulator = self._children[0]
        self._start(emulator)
        deadline = time.monotonic() + EMULATOR_START_SECONDS
        while (
            time.monotonic() < deadline and not stopping.is_set() and not is_healthy(self._settings, emulator.process)
        ):
            if emulator.popen is not None and emulator.popen.poll() is not None:
                break
            self._publish_state()
            time.sleep(0.05)
        for child in self._children[1:]:
            self._start(child)
        self._publish_state()

    def look(self) -> None:
        """Record what has died and restart it when due; keep the logs small.

        A process with a `held_file` is killed, and not started while the file is there.
        """
        now = time.monotonic()
        for child in self._children:
            if held_file(self._settings, child.process.name).exists():
                self._hold(child)
            elif child.popen is not None and child.popen.poll() is not None:
                child.last_exit, child.popen = child.popen.returncode, None
                child.failures = 1 if now - child.started_at > SETTLED_SECONDS else child.failures + 1
                wait = min(MOST_RESTART_SECONDS, FIRST_RESTART_SECONDS * 2.0 ** (child.failures - 1))
                child.not_before = now + wait
                log.error("%s ended with %s, again in %.1f s", child.process.name, child.last_exit, wait)
            elif child.popen is None and now >= child.not_before:
                child.restarts += 1
                self._start_again(child)
        for path in self._settings.logs.glob("*.log"):
            try:
                bound(path)
            except OSError as error:
                log.warning("%s is not cut: %s", path, error)
        self._publish_state()

    def stop_all(self) -> None:
        """SIGTERM, in the opposite order, each given its time; SIGKILL after that."""
        self._stopping = True
        self._publish_state()
        for child in reversed(self._children):
            if child.popen is None or child.popen.poll() is not None:
                continue
            child.popen.terminate()
            try:
                child.popen.wait(child.process.stop_seconds)
            except subprocess.TimeoutExpired:
                log.error("%s did not end in %.0f s, killed", child.process.name, child.process.stop_seconds)
                child.popen.kill()
                child.popen.wait()
            log.info("%s stopped", child.process.name)

    def _start(self, child: Child) -> None:
        heartbeat_file(self._settings, child.process.name).unlink(missing_ok=True)
        with log_file(self._settings, child.process.name).open("ab") as output:
            # A session of its own: Ctrl-C is for the command in the terminal, not for the emulator.
            child.popen = subprocess.Popen(
                child.process.command(),
                cwd=ROOT,
                env=self._settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child.started_at, child.since = time.monotonic(), round(time.time(), 1)
        log.info("%s started as %d", child.process.name, child.popen.pid)

    def _start_again(self, child: Child) -> None:
        try:
            self._start(child)
        except OSError as error:  # no room for its log
            child.not_before = time.monotonic() + MOST_RESTART_SECONDS
            log.error("%s cannot be started, again in %.0f s: %s", child.process.name, MOST_RESTART_SECONDS, error)

    def _hold(self, child: Child) -> None:
        if child.popen is not None:
            child.popen.kill()
            child.last_exit, child.popen = child.popen.wait(), None
            log.warning("%s is held", child.process.name)
        child.failures, child.not_before = 0, 0.0

    def _publish_state(self) -> None:
        processes: list[dict[str, Any]] = [
            {
                "name": child.process.name,
                "pid": child.popen.pid if child.popen is not None and child.popen.poll() is None else None,
                "since": child.since if child.popen is not None else None,
                "restarts": child.restarts,
                "last_exit": child.last_exit,
            }
            for child in self._children
        ]
        about = {"pid": os.getpid(), "port": self._settings.port, "code": self._code, "stopping": self._stopping}
        text = json.dumps(about | {"processes": processes})
        if text == self._published:
            return
        path = state_file(self._settings)
        new = path.with_suffix(".new")
        try:
            new.write_text(text)
            new.replace(path)
        except OSError as error:  # a full disk must not end the processes; it is written when there is room
            log.warning("%s is not written: %s", path, error)
            return
        self._published = text


def bound(path: Path) -> None:
    """Keep a log below its size; the old lines go to `.1`. Its writer appends, so the file can be cut in place."""
    if path.stat().st_size > MOST_LOG_BYTES:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    start_logging()
    supervise(Settings.from_environment(), stop_signal(), PROCESSES)


def supervise(settings: Settings, stopping: threading.Event, processes: Sequence[Process]) -> None:
    """Run these processes until `stopping` is set. Ends the program when the home has a supervisor already."""
    private_umask()
    for directory in (settings.home, settings.state, settings.logs, settings.run):
        private_folder(directory)
    with os.fdopen(open_private(settings.run / "supervisor.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"Another supervisor runs for {settings.home}")
        supervisor = Supervisor(settings, processes)
        manifest.begin(settings.home)
        try:
            supervisor.start_all(stopping)
            while not stopping.is_set():
                supervisor.look()
                stopping.wait(LOOK_EVERY_SECONDS)
        finally:
            supervisor.stop_all()
            try:
                manifest.write(settings.home)
            except OSError as error:  # the next start does without
                log.error("the files of %s are not listed: %s", settings.home, error)
            state_file(settings).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
