"""The processes of the embedded AWS, and its room on disk: stage local alone has them."""

from __future__ import annotations

from collections.abc import Iterator

from client.doctor.finding import OK, PROBLEM, WARNING, Finding
from local.stack import Status, status

AREA = "Embedded AWS"


def processes() -> Iterator[Finding]:
    """Give a finding for each process, and one for the disk."""
    yield from assess(status())


def assess(found: Status) -> Iterator[Finding]:
    """The findings for a status."""
    for one in found.processes:
        restarted = f", restarted {one.restarts} times" if one.restarts else ""
        if one.pid is None:
            yield Finding(AREA, one.name, PROBLEM, "Stopped.", "swipeline up")
        elif not one.healthy:
            yield Finding(AREA, one.name, PROBLEM, f"Does not answer (pid {one.pid}{restarted}).", "swipeline up")
        else:
            yield Finding(AREA, one.name, WARNING if one.restarts > 2 else OK, f"Healthy{restarted}.")
    if found.disk:
        yield Finding(AREA, "disk", PROBLEM, f"Writes have stopped: {found.disk}", "swipeline status")
    else:
        yield Finding(AREA, "disk", OK, "There is room.")
