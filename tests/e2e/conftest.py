"""One embedded AWS for all end-to-end tests, started and deployed as a user does it, in a home of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import Stack, deployed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with deployed(tmp_path_factory.mktemp("home")) as stack:
        yield stack


@pytest.fixture
def csv_file(stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Makes a simulated file that no other test has: ``csv_file(rows=500)``."""

    def make(rows: int, seed: int | None = None) -> Path:
        path = tmp_path / f"{rows}.csv"
        number = seed if seed is not None else sum(request.node.nodeid.encode()) * 1000 + rows
        stack.run("generate", "--rows", str(rows), "--seed", str(number), "--out", path)
        return path

    return make


@pytest.fixture
def reconcile(stack: Stack) -> Callable[..., dict[str, Any]]:
    """``reconcile(file)``: waits until the file balances and gives the counts by hop."""

    def run(path: Path, seconds: int = 60, check: bool = True) -> dict[str, Any]:
        done: subprocess.CompletedProcess[str] = stack.run(
            "reconcile", "--file", path, "--wait", str(seconds), "--json", check=False
        )
        printed = f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        assert done.returncode == 0 or not check, f"{printed}\nmerges:\n{stack.log_of('merge-warehouse')}"
        return dict(json.loads(done.stdout))

    return run
