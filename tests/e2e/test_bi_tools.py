"""Analysts' tools connect to the local stage as they are: psql, redshift_connector, SQLAlchemy and dbt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import REPO, Stack, wait_until

ROWS = 300
GUIDE = REPO / "docs" / "how-to" / "connect-a-bi-tool.md"
DRIVERS = REPO / "build" / "drivers"
DBT = REPO / "tests" / "data" / "dbt"


@pytest.fixture(scope="module")
def drivers() -> Path:
    """A virtual environment with the drivers, made when its requirements have changed."""
    requirements, ready = REPO / "requirements-drivers.lock", DRIVERS / ".ready"
    if not ready.exists() or ready.stat().st_mtime < requirements.stat().st_mtime:
        subprocess.run(["uv", "venv", "--quiet", "--clear", str(DRIVERS)], check=True)
        python = str(DRIVERS / "bin" / "python")
        install = ["uv", "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", str(requirements)]
        subprocess.run(install, check=True)
        ready.touch()
    return DRIVERS / "bin"


@pytest.fixture
def filled(stack: Stack, csv_file: Callable[..., Path], reconcile: Callable[..., dict[str, Any]]) -> Stack:
    """The stage with purchases in its marts, and a schema in which the analysts may create tables."""
    path = csv_file(rows=ROWS, seed=17)
    stack.run("send", path)
    reconcile(path)
    wait_until(lambda: stack.sql("SELECT COUNT(*) FROM mart.purchase")[0][0] >= ROWS, 60, "purchases in the marts")
    for statement in re.findall(r"(?m)^(?:CREATE SCHEMA|GRANT) [^;\n]+", GUIDE.read_text()):
        stack.sql(statement)
    return stack


def login(stack: Stack, *options: str) -> dict[str, Any]:
    return dict(json.loads(stack.run("connect", "--json", *options).stdout))


def environment(found: dict[str, Any]) -> dict[str, str]:
    return os.environ | {
        "WAREHOUSE_PORT": str(found["port"]),
        "WAREHOUSE_USER": found["user"],
        "WAREHOUSE_PASSWORD": found["password"],
        "WAREHOUSE_CERTIFICATE": found["sslrootcert"],
    }


def psql(stack: Stack, *options: str, sql: str) -> str:
    """The command line that `swipeline connect` prints, run by a shell as it stands."""
    assert shutil.which("psql"), "psql is missing: install Debian's postgresql-client"
    line = stack.run("connect", *options).stdout.strip().splitlines()[-1]
    done = subprocess.run(["bash", "-c", f'{line} -XAtc "$0"', sql], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_psql_connects_with_the_line_that_connect_prints(filled: Stack) -> None:
    assert int(psql(filled, sql="SELECT COUNT(*) FROM mart.purchase")) >= ROWS
    assert psql(filled, sql="SELECT COUNT(*) FROM core.transaction") == "ERROR:  permission denied for schema core\n"
    assert int(psql(filled, "--as", "me", sql="SELECT COUNT(*) FROM core.transaction")) >= ROWS


@pytest.mark.slow
def test_the_admins_password_opens_the_warehouse_as_on_aws(filled: Stack) -> None:
    secret = filled.client("secretsmanager").get_secret_value(SecretId="swipeline-local/warehouse-admin")
    owner = json.loads(secret["SecretString"])
    found = login(filled)
    conninfo = f"host={found['host']} port={found['port']} dbname=swipeline user={owner['username']}"
    done = subprocess.run(
        ["psql", "-XAt", conninfo, "-c", "SELECT COUNT(*) FROM core.transaction"],
        env=os.environ | {"PGPASSWORD": owner["password"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert int(done.stdout or "0") >= ROWS, done.stderr


@pytest.mark.slow
def test_drivers_read_the_marts_as_the_analyst_and_core_is_refused(filled: Stack, drivers: Path) -> None:
    done = subprocess.run(
        [drivers / "python", REPO / "tests" / "e2e" / "driver_checks.py"],
        env=environment(login(filled)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert all(answer["purchases"] >= ROWS for answer in answers.values())
    connector, psycopg2 = answers["redshift_connector"], answers["psycopg2"]
    refused = ["42501", "permission denied for schema core"]
    assert connector["parameters"] == [42, "it's"]
    assert connector["refused"] == psycopg2["refused"] == refused
    assert psycopg2["in_parts"] == psycopg2["purchases"]
    assert "purchase" in connector["tables"]
    for answer in (answers["sqlalchemy"], answers["sqlalchemy_psycopg2"]):
        assert {"core", "mart", "public"} <= set(answer["schemas"])
        assert set(answer["columns"]) == set(connector["columns"])
        assert answer["columns"]["amount"] == "NUMERIC(12, 2)"
        assert answer["categories"] > 1
        assert answer["refused"] is True


def dbt(drivers: Path, folder: Path, found: dict[str, Any], *arguments: str) -> dict[str, str]:
    """Run `dbt build`: each node's status by its name."""
    if not folder.exists():
        shutil.copytree(DBT, folder)
    done = subprocess.run(
        [drivers / "dbt", "build", "--profiles-dir", ".", *arguments],
        cwd=folder,
        env=environment(found) | {"DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    results = folder / "target" / "run_results.json"
    assert results.exists(), done.stdout + done.stderr
    return {item["unique_id"]: item["status"] for item in json.loads(results.read_text())["results"]}


@pytest.mark.slow
def test_dbt_builds_on_the_marts_as_the_analyst_and_on_core_as_the_owner(
    filled: Stack, drivers: Path, tmp_path: Path
) -> None:
    analyst, owner = login(filled), login(filled, "--as", "me")
    for _ in range(2):  # the second time over the tables of the first
        on_marts = dbt(drivers, tmp_path / "analyst", analyst, "--select", "source:mart+")
        assert len(on_marts) == 5
        assert set(on_marts.values()) <= {"success", "pass"}, on_marts
    on_core = dbt(drivers, tmp_path / "analyst", analyst, "--select", "source:core+")
    assert set(on_core.values()) <= {"error", "skipped"}, on_core
    on_core = dbt(drivers, tmp_path / "owner", owner, "--select", "source:core+")
    assert len(on_core) == 4
    assert set(on_core.values()) <= {"success", "pass"}, on_core
    assert int(psql(filled, sql="SELECT COUNT(*) FROM sandbox.spend_by_category")) > 1
