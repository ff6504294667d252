"""kill -9, of a process of the supervisor's or of the workers of a function."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil


class Killer:
    """Knows the processes of one home. Killing what is just not running is no error: it is dead as it should be."""

    def __init__(self, home: Path) -> None:
        self._state = home / "run" / "supervisor.json"

    def kill(self, target: str) -> None:
        """SIGKILL a process (emulator, redshift, event-sources, firehose) or each worker of a function."""
        processes = {p["name"]: p["pid"] for p in json.loads(self._state.read_text())["processes"]}
        if target in processes:
            pids = [processes[target]]
        else:
            pids = self._workers(processes["emulator"], f"swipeline-local-{target}")
        for pid in pids:
            if pid is not None and psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)

    @staticmethod
    def _workers(emulator: int, function: str) -> list[int]:
        found = []
        for child in psutil.Process(emulator).children(recursive=True):
            try:
                if child.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function:
                    found.append(child.pid)
            except psutil.Error:
                continue
        return found
