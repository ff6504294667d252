"""What must hold before the embedded AWS is started: its home can be written to and has room, its ports are free."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile

from local.emulator import port_is_taken
from local.processes import PROCESSES
from local.room import START_BYTES
from local.settings import HOST, Settings


class PreflightError(RuntimeError):
    """The home or a port cannot be used; the message says what to do."""


def check_home(settings: Settings) -> None:
    """Raises PreflightError when the home cannot be written to or has too little room."""
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise PreflightError(
            f"the home of the embedded AWS, {home}, cannot be used ({error.strerror or error}): choose another folder "
            "with SWIPELINE_HOME"
        ) from error
    if free < START_BYTES:
        raise PreflightError(
            f"disk full: {home} has {free / 2**20:,.0f} MiB left, the embedded AWS needs at least "
            f"{START_BYTES / 2**20:.0f}. Make room, or choose another folder with SWIPELINE_HOME"
        )


def check_ports(settings: Settings) -> None:
    """Raises PreflightError when a port is taken."""
    for process in PROCESSES:
        for port in filter(port_is_taken, process.ports(settings)):
            raise _taken(f"port {port}", process.name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, settings.port))
        except OSError as error:
            raise _taken(f"UDP port {settings.port}", "emulator (X-Ray's daemon)") from error


def _taken(port: str, name: str) -> PreflightError:
    return PreflightError(
        f"{port}, which {name} needs, is taken by another program: stop it, or choose another with SWIPELINE_PORT "
        "(it and the two after it are used)"
    )


def explain(error: OSError, settings: Settings) -> str:
    """An error of the file system, with the home that it is about."""
    where = os.fsdecode(error.filename) if error.filename else str(settings.home)
    return f"{where}: {error.strerror or error} (the home of the embedded AWS is {settings.home}, see SWIPELINE_HOME)"
