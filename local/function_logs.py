"""Gives each invocation's log to that invocation, whole.

MiniStack 1.5.33 takes what a function wrote when nothing came for 5 ms: on a busy machine the last lines, the metrics
among them, went into the log of the worker's next invocation, or nowhere. Here the worker ends an invocation's log with
a mark, and the log is read up to it.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from pathlib import Path
from typing import Any

from local.cloudwatch.replacing import replace

MARK = "\x1eend of the invocation's log"
LONGEST_WAIT_SECONDS = 5.0
LOOK_EVERY_SECONDS = 0.05
_FLUSH = "        _real_stdout.flush()\n\nrun()"


def install(lambda_runtime: Any, lambda_svc: Any) -> None:
    """Put it in place. Raises RuntimeError when MiniStack's worker is not the one this is for."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_FLUSH) != 1:
        raise RuntimeError("MiniStack's Python worker ends an invocation in another way: is this still needed?")
    marked = f"        sys.stderr.write({MARK!r} + chr(10))\n        sys.stderr.flush()\n{_FLUSH}"
    replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", script.replace(_FLUSH, marked))
    without_mark = lambda_runtime.Worker._drain_stderr_bounded

    def drain(worker: Any, *arguments: Any, **named: Any) -> str:
        if not str(worker.config.get("Runtime", "python")).startswith("python"):
            return str(without_mark(worker, *arguments, **named))
        return read_to_mark(worker._stderr_queue, worker._stderr_thread)

    replace(lambda_runtime.Worker, "_drain_stderr_bounded", drain)
    replace(lambda_svc, "_probe_peak_memory_mb", lambda func: peak_memory_mb(lambda_runtime, func))


def peak_memory_mb(lambda_runtime: Any, func: dict[str, Any]) -> int:
    """Max Memory Used of REPORT: the most that a process of the function has had, of those that are warm.

    MiniStack asks for its ended children, so that it is 0 as long as the function is warm.
    """
    name = str((func.get("config") or func).get("FunctionName", ""))
    most = 0
    for workers in list(lambda_runtime._workers.values()):
        for worker in list(workers):
            if worker.func_name == name:
                most = max(most, _peak_kib(getattr(worker._proc, "pid", None)))
    return -(-most // 1024)


def _peak_kib(pid: int | None) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # ended, or no Linux
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) if found else 0


def read_to_mark(lines: queue.Queue[str], reader: threading.Thread, longest: float = LONGEST_WAIT_SECONDS) -> str:
    """The lines up to the mark; all there are when the worker ended without it, and so did the reader of its pipe."""
    found: list[str] = []
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline:
        ended = not reader.is_alive()
        try:
            line = lines.get_nowait() if ended else lines.get(timeout=LOOK_EVERY_SECONDS)
        except queue.Empty:
            if ended:
                break
            continue
        if line == MARK:
            break
        found.append(line)
    return "\n".join(found)
