"""An embedded AWS of a benchmark's own, in a fresh home: calls counted, memory and CPU sampled."""

from __future__ import annotations

import gzip
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil

from benchmarks.frame import REPOSITORY
from local.calls import CALLS_PATH
from local.control import call
from local.settings import Settings
from local.tests.ports import free_port_pair
from tests.e2e.stack import Stack, wait_until

BASELINE = REPOSITORY / "benchmarks" / "baseline"


@dataclass
class CountedStack(Stack):
    """A stack whose calls are counted (local/calls.py); `extra` goes into the environment of its processes."""

    extra: dict[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        return super().env | {"SWIPELINE_COUNT_CALLS": "1"} | self.extra

    def calls(self) -> dict[str, Any]:
        """What was counted since the last :meth:`reset_counts`."""
        return call(self._settings, "GET", CALLS_PATH)[1]

    def reset_counts(self) -> None:
        """Forget what was counted."""
        call(self._settings, "DELETE", CALLS_PATH)

    def deploy_baseline(self) -> None:
        """Deploy benchmarks/baseline beside the service, and make its table in the warehouse."""
        command = [str(REPOSITORY / "node_modules" / ".bin" / "sls"), "deploy", "--stage", "local", "--conceal"]
        env = self._settings.environment(self.env) | {
            "BASELINE_REDSHIFT_PORT": str(self.port + 1),
            "SLS_AWS_MONITORING_FREQUENCY": "300",
            "SLS_TELEMETRY_DISABLED": "1",
            "NODE_NO_WARNINGS": "1",
        }
        done = subprocess.run(command, cwd=BASELINE, env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the baseline was not deployed\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        self.sql("CREATE SCHEMA IF NOT EXISTS baseline")
        self.sql((BASELINE / "table.sql").read_text(encoding="utf-8"))

    @property
    def _settings(self) -> Settings:
        return Settings(self.home, self.port)


@contextmanager
def running(folder: Path, *parameters: str, **extra: str) -> Iterator[CountedStack]:
    """A deployed stack, taken down at the end; `parameters` are name=value, `extra` is environment."""
    stack = CountedStack(home=folder / "home", port=free_port_pair(), extra=extra)
    try:
        stack.run("up", *(f"--param={one}" for one in parameters), timeout=600)
        yield stack
    finally:
        stack.run("down", check=False, timeout=900)


def processes(stack: Stack) -> list[psutil.Process]:
    """Every process whose environment names this stack's home, and their children: the functions."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("SWIPELINE_HOME") == str(stack.home) and process.pid != os.getpid():
                found[process.pid] = process
                found |= {child.pid: child for child in process.children(recursive=True)}
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return list(found.values())


class Probe(threading.Thread):
    """Samples the stack's memory (PSS) until :meth:`stop`; `peak` in bytes, `processes` at that moment."""

    def __init__(self, stack: Stack, every_seconds: float = 1.0) -> None:
        super().__init__(daemon=True)
        self.stack, self.every_seconds = stack, every_seconds
        self.peak = self.processes = 0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(self.every_seconds):
            sizes = []
            for process in processes(self.stack):
                try:
                    sizes.append(process.memory_full_info().pss)
                except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                    continue
            if sum(sizes) > self.peak:
                self.peak, self.processes = sum(sizes), len(sizes)

    def stop(self) -> None:
        """End the sampling."""
        self._done.set()
        self.join()


def wait_for_stores(stack: CountedStack, rows: int, core: str, table: str, lake: str, identity: str) -> None:
    """Wait until each of the three stores holds the rows, with as few requests as possible."""
    s3, seen, ids = stack.client("s3"), set[str](), set[str]()

    def in_lake() -> int:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=lake):
            for key in (item["Key"] for item in page.get("Contents", []) if item["Key"] not in seen):
                body = s3.get_object(Bucket=lake, Key=key)["Body"].read()
                lines = gzip.decompress(body) if key.endswith(".gz") else body
                ids.update(orjson.loads(line)[identity] for line in lines.splitlines())
                seen.add(key)
        return len(ids)

    def complete() -> bool:
        if stack.calls()["writes"].get(table, {}).get("puts", 0) < rows:
            return False
        return bool(stack.sql(f"SELECT COUNT(*) FROM {core}")[0][0] == rows) and in_lake() == rows

    wait_until(complete, 1800, "all stores")
