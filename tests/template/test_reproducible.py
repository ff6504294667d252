"""Two packagings of the same sources have equal hashes: what runs can be checked against a commit."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.template.packaging import package, package_again

ARTEFACTS = ("swipeline.zip", "pythonRequirements.zip")


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two packages for dev; for the second, pip installs into an empty folder."""
    folder = tmp_path_factory.mktemp("again")
    package_again("dev", folder / "dev", folder / "layers")
    return package("dev"), folder / "dev"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def template(folder: Path) -> dict[str, Any]:
    """The template, without the folder of the bucket that the framework names by the clock."""
    text = (folder / "cloudformation-template-update-stack.json").read_text()
    masked = re.sub(r"serverless/swipeline/dev/\d{13}-[0-9TZ.:-]+/", "", text)
    assert masked != text
    return dict(json.loads(masked))


@pytest.mark.parametrize("name", ARTEFACTS)
def test_an_artifact_has_the_same_hash_again(twice: tuple[Path, Path], name: str) -> None:
    first, again = twice
    assert digest(first / name) == digest(again / name)


def test_the_template_is_the_same_again(twice: tuple[Path, Path]) -> None:
    first, again = twice
    assert template(first) == template(again)


@pytest.mark.parametrize("name", ARTEFACTS)
def test_an_artifact_has_no_trace_of_when_and_where_it_was_made(twice: tuple[Path, Path], name: str) -> None:
    with zipfile.ZipFile(twice[0] / name) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(1980, 1, 1)}
        names = archive.namelist()
        assert names == sorted(names)
        assert not [path for path in names if path.startswith(("/", "..")) or "direct_url" in path]
