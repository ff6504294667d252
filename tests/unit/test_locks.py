"""Nothing is installed without a hash: every locked package has one, and every installer asks for it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ("constraints.txt", "requirements.lock", "requirements-setup.lock", "requirements-drivers.lock")


def locked(name: str) -> dict[str, str]:
    """Package and version -> the rest of its line, hashes included."""
    lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    found = [re.match(r"([A-Za-z0-9._-]+==[^ ;]+)(.*)", line) for line in lines if not line.startswith("#")]
    assert all(found), name
    return {match[1]: match[2] for match in found if match}


def asked_for(file: Path) -> set[str]:
    lines = [line.strip().lower() for line in file.read_text().splitlines()]
    return {line for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    assert len(locked(name)) > 3
    assert not [package for package, rest in locked(name).items() if "--hash=sha256:" not in rest]


def test_everything_that_is_asked_for_is_locked() -> None:
    packages = {package for name in LOCKS for package in locked(name)}
    for file in ROOT.glob("requirements*.txt"):
        assert asked_for(file) <= packages, file.name
    extras = {one.lower() for extra in PROJECT["optional-dependencies"].values() for one in extra}
    assert extras <= locked("constraints.txt").keys()


def test_the_project_needs_what_its_functions_need() -> None:
    assert {one.lower() for one in PROJECT["dependencies"]} == asked_for(ROOT / "requirements.txt")


@pytest.mark.parametrize("name", ["Makefile", "scripts/setup.sh"])
def test_every_install_requires_hashes(name: str) -> None:
    installs = [line for line in (ROOT / name).read_text().splitlines() if re.search(r"\bpip install\b", line)]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line, line


def test_what_is_fetched_when_first_used_requires_hashes() -> None:
    assert '"--require-hashes", "-c", "constraints.txt"' in (ROOT / "local" / "extras.py").read_text()
