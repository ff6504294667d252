"""Processes of a home that run without their supervisor: found by what they were started as, and ended.

A supervisor that is killed takes its processes along within a second (`local.supervised`), but one that is busy or
stopped stays, holds a port and writes into the home beside those that are started next.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import psutil

from local.settings import Settings

TERM_SECONDS, KILL_SECONDS = 15.0, 5.0
LOOK_EVERY_SECONDS = 0.05
_MODULES = ("local.supervisor", "local.supervised")


def find(settings: Settings) -> list[psutil.Process]:
    """All processes of this home: the supervisor's, and workers that run its functions."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = process.info["cmdline"] or []
        if process.pid == os.getpid():
            continue
        if any(str(settings.functions) in part for part in command):
            found.append(process)
        elif any(module in command for module in _MODULES):
            with suppress(psutil.Error):
                if process.environ().get("SWIPELINE_HOME") == str(settings.home):
                    found.append(process)
    return found


def resume(processes: list[psutil.Process]) -> list[int]:
    """Continue those that are stopped (SIGSTOP); give their pids."""
    stopped = []
    for process in processes:
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_STOPPED:
                process.send_signal(signal.SIGCONT)
                stopped.append(process.pid)
    return stopped


def end(processes: list[psutil.Process]) -> list[int]:
    """End processes, with time to save what they have; give the pids of those that stay."""
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    resume(processes)
    alive = _wait(processes, TERM_SECONDS)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    return [process.pid for process in _wait(alive, KILL_SECONDS)]


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after so long; one whose parent has not taken notice of its end does not."""
    deadline = time.monotonic() + seconds
    while alive := [one for one in processes if _runs(one)]:
        if time.monotonic() > deadline:
            return alive
        time.sleep(LOOK_EVERY_SECONDS)
    return []


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
