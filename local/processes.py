"""The processes of the embedded AWS: what they are called, how they are started, how their health is checked."""

from __future__ import annotations

import http.client
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from local.settings import HOST, Settings

# A process without a port shows that it is healthy by touching this file again and again.
HEARTBEAT_SECONDS = 20.0


@dataclass(frozen=True)
class Process:
    """One process; `health_path` is asked over HTTP on its port, one without a port has a heartbeat file."""

    name: str
    module: str
    stop_seconds: float
    port_offset: int | None = None
    health_path: str = "/"
    more_offsets: tuple[int, ...] = ()  # of further ports that it listens on

    def command(self) -> list[str]:
        return [sys.executable, "-m", "local.supervised", self.module]

    def port(self, settings: Settings) -> int | None:
        return None if self.port_offset is None else settings.port + self.port_offset

    def ports(self, settings: Settings) -> list[int]:
        """All the ports that it needs."""
        offsets = [] if self.port_offset is None else [self.port_offset, *self.more_offsets]
        return [settings.port + offset for offset in offsets]


# In the order they are started; they are stopped in the opposite one. The emulator saves its state then: 0.4 s per
# 1,000 transactions on a busy laptop, and killed before the end it would lose all of them.
PROCESSES = (
    Process("emulator", "local.emulator", 600.0, port_offset=0, health_path="/_ministack/health"),
    Process("redshift", "local.redshift", 15.0, port_offset=1, more_offsets=(2,)),
    Process("event-sources", "local.event_sources", 8.0),
    Process("firehose", "local.firehose", 8.0),
)


def log_file(settings: Settings, name: str) -> Path:
    """Where a process writes."""
    return settings.logs / f"{name}.log"


def heartbeat_file(settings: Settings, name: str) -> Path:
    """The file a process without a port touches."""
    return settings.run / f"{name}.heartbeat"


def held_file(settings: Settings, name: str) -> Path:
    """While this file is there, the process is kept dead: an outage for as long as somebody wants to look at it."""
    return settings.run / f"{name}.held"


def is_healthy(settings: Settings, process: Process) -> bool:
    """True when the process answers, or has shown a sign of life lately. Says nothing about whose process it is."""
    port = process.port(settings)
    if port is None:
        try:
            return time.time() - heartbeat_file(settings, process.name).stat().st_mtime < HEARTBEAT_SECONDS
        except FileNotFoundError:
            return False
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", process.health_path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def log_tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
