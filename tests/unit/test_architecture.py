"""The layers hold: handlers are thin and nobody imports them; logic knows neither AWS nor the environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HANDLERS = sorted((ROOT / "handlers").glob("*.py"))
SHARED = sorted(path for room in ("fraud/serving", "functions", "shared") for path in (ROOT / room).rglob("*.py"))
# Who may know botocore, Powertools, the environment. `api`, `routes`, `answers` are query-transactions' resolver.
ADAPTERS = {"aws", "config", "telemetry", "api", "routes", "alert_routes", "correction_routes", "answers"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_a_handler_is_under_60_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.parametrize(
    "path",
    [
        path
        for folder in ("client", "fraud", "functions", "local", "shared")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_nothing_imports_from_handlers(path: Path) -> None:
    assert "handlers" not in tops(path)


@pytest.mark.parametrize("path", HANDLERS + SHARED, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_the_functions_know_nothing_of_the_laptop(path: Path) -> None:
    assert tops(path) & {"local", "client", "tests", "ministack", "duckdb", "pandas", "numpy", "requests"} == set()


@pytest.mark.parametrize(
    "path", [path for path in HANDLERS + SHARED if path.stem not in ADAPTERS], ids=lambda path: path.stem
)
def test_only_the_adapters_know_aws_and_the_environment(path: Path) -> None:
    assert tops(path) & {"boto3", "botocore", "os", "aws_lambda_powertools"} == set()


@pytest.mark.parametrize("name", [path.stem for path in HANDLERS if path.stem != "__init__"])
def test_a_function_starts_without_what_it_does_not_need(name: str) -> None:
    """Cold starts pay for imports: boto3 comes with the first client, pydantic with the first unusual row."""
    code = f"import handlers.{name}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    unwanted = {"boto3", "requests", "pandas", "numpy", "tests"}
    if name == "query_transactions":
        unwanted |= {"shared.transaction.model", "shared.transaction.row"}
    else:
        unwanted |= {"pydantic"}
    if name not in ("query_transactions", "write_to_kinesis"):
        unwanted |= {"shared.transaction.model"}
    assert set(loaded.stdout.split()) & unwanted == set()
