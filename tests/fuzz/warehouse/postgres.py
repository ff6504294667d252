"""A PostgreSQL of its own in a temporary folder, reached through a socket there by psql."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql")
MARK = "\x1f"
NULL = "\x1e"


class MissingError(RuntimeError):
    """There is no PostgreSQL server on this machine."""


def binaries() -> Path:
    """The folder with initdb. Raises MissingError."""
    found = [folder for place in _PLACES for folder in sorted(Path(place).glob("*/bin"), reverse=True)]
    on_path = shutil.which("initdb")
    for folder in [*found, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "initdb").exists():
            return folder
    raise MissingError("PostgreSQL's server is not installed: apt-get install postgresql")


class Postgres:
    """Runs SQL through psql."""

    def __init__(self, bin_folder: Path, home: Path) -> None:
        self.bin, self.home = bin_folder, home

    def run(self, script: str) -> list[str]:
        """The lines that a script prints. Raises CalledProcessError when psql itself fails."""
        command = [
            shutil.which("psql", path=str(self.bin)) or "psql",
            "-h",
            str(self.home),
            "-U",
            "fuzz",
            "-d",
            "postgres",
            "-qAtX",
        ]
        command += ["-F", MARK, "-P", f"null={NULL}", "-f", "-"]
        environment = {**os.environ, "PGTZ": "UTC", "PGCLIENTENCODING": "UTF8"}
        done = subprocess.run(
            command, input=script, capture_output=True, encoding="utf-8", check=False, env=environment, timeout=600
        )
        return done.stdout.split("\n")


@contextlib.contextmanager
def server() -> Iterator[Postgres]:
    """A server with the collation C, without TCP. Raises MissingError."""
    folder = binaries()
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as home:
        user = None
        if os.geteuid() == 0:
            # initdb refuses root; nobody is there on every Debian.
            user = "postgres" if _exists("postgres") else "nobody"
            shutil.chown(home, user)
        data = f"{home}/data"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "user": user, "cwd": home}
        initdb = [str(folder / "initdb"), "-D", data, "-U", "fuzz", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*initdb, "--lc-collate=C"], check=True, **quiet)  # type: ignore[call-overload]
        control = [str(folder / "pg_ctl"), "-D", data, "-w"]
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off -c timezone=UTC"
        subprocess.run([*control, "-o", options, "-l", f"{home}/log", "start"], check=True, **quiet)  # type: ignore[call-overload]
        try:
            yield Postgres(folder, Path(home))
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)  # type: ignore[call-overload]


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
