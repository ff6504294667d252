"""Packages that only some commands need: fetched into this environment when they are first needed."""

from __future__ import annotations

import fcntl
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.project import ROOT

FETCH_SECONDS = 900


class ExtrasError(RuntimeError):
    """What is needed is not here and cannot be fetched; the message says what to do."""


def has(modules: Sequence[str]) -> bool:
    """True when every module is installed beside this Python."""
    return all(importlib.util.find_spec(name) is not None for name in modules)


def ensure(extra: str, modules: Sequence[str]) -> bool:
    """Install an extra of pyproject.toml unless its modules are there; True if it had to. Raises ExtrasError."""
    with (Path(sys.prefix) / f".{extra}.lock").open("w") as lock:  # several processes may need it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        importlib.invalidate_caches()
        missing = not has(modules)
        if missing:
            _fetch(extra)
    importlib.invalidate_caches()
    return missing


def _fetch(extra: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, "--quiet"]
    command += ["--require-hashes", "-c", "constraints.txt", "-r", "pyproject.toml", "--extra", extra]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=FETCH_SECONDS, umask=0o022)
    except subprocess.TimeoutExpired as error:
        raise ExtrasError(f"The packages of [{extra}] were not fetched within {FETCH_SECONDS} s: try again") from error
    if done.returncode != 0:
        raise ExtrasError(f"Cannot install the packages of [{extra}]: {done.stderr.strip()[-500:]}")
