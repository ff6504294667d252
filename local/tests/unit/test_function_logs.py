"""An invocation's log is read to its mark: not less, not what comes after it, and not for ever."""

from __future__ import annotations

import queue
import threading

from local.function_logs import MARK, read_to_mark


def test_a_line_that_comes_late_belongs_to_its_invocation() -> None:
    lines: queue.Queue[str] = queue.Queue()
    came = threading.Event()
    lines.put("first")

    def late() -> None:
        came.wait(5)
        for line in ("last", MARK, "of the next"):
            lines.put(line)

    reader = threading.Thread(target=late)
    reader.start()
    threading.Timer(0.2, came.set).start()
    assert read_to_mark(lines, reader) == "first\nlast"
    assert lines.get(timeout=5) == "of the next"


def test_a_killed_worker_leaves_what_it_has_said() -> None:
    lines: queue.Queue[str] = queue.Queue()
    lines.put("first")
    reader = threading.Thread(target=lambda: None)
    reader.start()
    reader.join()
    assert read_to_mark(lines, reader) == "first"
