"""Executions of state machines that outlive the emulator: what was running when it ended is started again.

On AWS an execution does not die with a machine. MiniStack walks through one in a thread: when it is stopped, it calls
the running ones failed (States.ServiceRestart); after `kill -9` it knows nothing of them. Here each execution leaves a
file while it runs. Whatever file is there at the start is an execution that was lost: it restarts from its first
state, with the same name and input. So a state machine must bear being run twice; the batch path's does, its run's name
says what it writes.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MOST_RESTARTS = 3  # an execution that brings the emulator down must not do it for ever
LOOK_EVERY_SECONDS = 0.1


class Executions:
    """The files of the running executions, a JSON each."""

    def __init__(self, folder: Path, stepfunctions: Any) -> None:
        self._folder, self._states = folder, stepfunctions
        folder.mkdir(parents=True, exist_ok=True)
        self._lost = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]

    def install(self) -> None:
        """Have each execution leave its file. Raises AttributeError when MiniStack has the function no more."""
        run = self._states._run_execution

        def noted(arn: str) -> None:
            execution = self._states._executions.get(arn)
            if execution is None:
                return
            path = self._path(arn)
            self._note(path, execution)
            run(arn)  # when the process ends, so does this thread, and the file stays
            path.unlink(missing_ok=True)

        self._states._run_execution = noted

    def start_again(self, serving: Callable[[], bool]) -> None:
        """Start what was lost, as soon as the emulator serves: an execution's first step may call it."""
        if self._lost:
            threading.Thread(target=self._start_all, args=(serving,), name="executions", daemon=True).start()

    def _start_all(self, serving: Callable[[], bool]) -> None:
        while not serving():
            time.sleep(LOOK_EVERY_SECONDS)
        for lost in self._lost:
            self._start(lost)

    def _start(self, lost: dict[str, Any]) -> None:
        from ministack.core.responses import request_scope

        arn = lost["executionArn"]
        if lost["restarts"] >= MOST_RESTARTS:
            log.error("%s was lost %d times: it is not started again", arn, lost["restarts"] + 1)
            self._path(arn).unlink(missing_ok=True)
            return
        with request_scope(arn.split(":")[4], arn.split(":")[3]):
            self._states._executions.pop(arn, None)  # as MiniStack remembers it: failed
            request = {name: lost[name] for name in ("stateMachineArn", "name", "input")}
            status, _, body = self._states._start_execution(request)
        if status == 200:
            log.warning("%s was running when the emulator ended: restarting it", arn)
        else:
            log.error("%s was running when the emulator ended, and cannot be restarted: %s", arn, body)
            self._path(arn).unlink(missing_ok=True)

    def _note(self, path: Path, execution: dict[str, Any]) -> None:
        earlier = [lost for lost in self._lost if lost["executionArn"] == execution["executionArn"]]
        kept = {name: execution[name] for name in ("executionArn", "stateMachineArn", "name", "input")}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(kept | {"restarts": 1 + earlier[0]["restarts"] if earlier else 0}), encoding="utf-8")
        part.replace(path)

    def _path(self, arn: str) -> Path:
        return self._folder / f"{sha256(arn.encode()).hexdigest()[:32]}.json"
