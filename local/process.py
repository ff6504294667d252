"""What the long-running processes have in common: logging, a heartbeat, an orderly end on SIGTERM or SIGINT."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

from local.processes import heartbeat_file
from local.settings import Settings


def start_logging() -> None:
    """Log to stderr, UTC; the supervisor keeps it in a file of bounded size."""
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"),
        format="%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.getLogger("botocore").setLevel(logging.WARNING)


def beat(settings: Settings, name: str) -> None:
    """Show that the process is healthy."""
    path = heartbeat_file(settings, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def stop_signal() -> threading.Event:
    """An event that is set by SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
