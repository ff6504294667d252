"""The GitHub workflows run the project's own commands, with least privilege, on actions that cannot move."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_commit_and_names_its_version(path: Path) -> None:
    uses = re.findall(r"uses: *(.+)", path.read_text(encoding="utf-8"))
    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9.]+", line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_can_only_read_and_every_job_ends(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert [name for name, job in jobs(path).items() if not 0 < job.get("timeout-minutes", 0) <= 90] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_jobs_run_make_targets_or_ci_run_and_nothing_else(path: Path) -> None:
    commands = [step["run"] for job in jobs(path).values() for step in job["steps"] if "run" in step]
    for command in commands:
        program, *words = command.split()
        assert program == ".ci/run" or (program == "make" and words[0] in TARGETS), command


def test_the_fast_tests_run_on_every_supported_python_and_on_linux_arm_and_macos() -> None:
    matrix = jobs(ROOT / ".github" / "workflows" / "ci.yml")["fast"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {entry["os"].split("-")[0] for entry in matrix["include"]} == {"ubuntu", "macos"}


def test_make_knows_where_the_tests_on_the_embedded_aws_are() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (listed,) = re.findall(r"^E2E := (.+)$", makefile, re.MULTILINE)
    folders = [ROOT / path for path in listed.split()]
    marked = [
        path
        for top in ("tests", "local/tests")
        for path in (ROOT / top).rglob("test_*.py")
        if re.search(r"^(pytestmark = .*|@)pytest\.mark\.(e2e|slow)", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert marked
    assert [path for path in marked if not any(path.is_relative_to(folder) for folder in folders)] == []
