"""What is deployed is described by a file of the project, and the rest of the repository agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.project import FILE, ROOT, ProjectError, Warehouse, current, read_project
from shared.warehouse.migrations import IS_NEWER

LOCAL = ROOT / "local"


def test_a_description_needs_a_service_only(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('service = "notes"')
    found = read_project(tmp_path)
    assert (found.stack_name("local"), found.inputs, found.warehouse) == ("notes-local", (), Warehouse())


@pytest.mark.parametrize(
    "text", ["", "service = ", 'service = "x"\ncolor = "red"', 'service = "x"\n[warehouse]\nx = 1']
)
def test_a_description_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ProjectError, match=FILE):
        read_project(tmp_path)


def test_a_folder_without_one_says_what_to_create(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="create it with at least service"):
        read_project(tmp_path)


def test_the_repository_describes_its_own_service() -> None:
    ours = current()
    serverless = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    assert re.search(r"^service: (\S+)", serverless, re.M).group(1) == ours.service  # type: ignore[union-attr]
    assert all((ROOT / name).exists() for name in ours.inputs)
    assert ours.ignored_error in IS_NEWER


def test_each_module_that_changes_ministack_is_in_the_readme() -> None:
    table = (LOCAL / "README.md").read_text(encoding="utf-8").partition("## What is changed in MiniStack")[2]
    named = set(re.findall(r"`([\w/]+\.py)`", table))
    imports = re.compile(r"^\s*(?:from|import) ministack|def install\(\w+: Any", re.M)
    there = {
        str(path.relative_to(LOCAL))
        for path in LOCAL.rglob("*.py")
        if not {"tests", "redshift"} & {*path.parts} and imports.search(path.read_text(encoding="utf-8"))
    }
    assert there <= named
    assert all((LOCAL / name).exists() for name in named)
