"""cfn-lint, with AWS's rules and the serverless rule set, finds nothing in the packaged templates."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.template.packaging import CACHE, ROOT
from tests.template.template import packaged

# Why a rule does not hold for a stage. What holds for no stage is in .cfnlintrc; for one resource, in its metadata.
EXCEPTIONS = {"local": dict.fromkeys(("WS1000", "WS5000"), "the embedded AWS has no X-Ray")}


def lint(path: Path, *ignored: str) -> list[str]:
    """What cfn-lint finds in a template; `make lint` and the tests ask for the same ones, and it takes 10 s each."""
    about = (version("cfn-lint"), *ignored, (ROOT / ".cfnlintrc").read_text(), path.read_text())
    known = CACHE / "cfn-lint" / hashlib.sha256(json.dumps(about).encode()).hexdigest()
    if not known.exists():
        found = "".join(f"{line}\n" for line in _lint(path, *ignored))
        known.parent.mkdir(parents=True, exist_ok=True)
        whole = known.with_suffix(f".{os.getpid()}")
        whole.write_text(found)
        whole.replace(known)  # a file that a kill has cut would say that nothing was found
    return known.read_text().splitlines()


def _lint(path: Path, *ignored: str) -> list[str]:
    program = "from cfnlint.runner.cli import main; main()"
    command = [sys.executable, "-c", program, "--format", "parseable", "--template", str(path)]
    if ignored:
        command += ["--ignore-checks", "W3005", *ignored]
    # In the repository's root, where .cfnlintrc is.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = done.stdout.splitlines()
    assert bool(found) == bool(done.returncode), done.stderr  # a linter that did not run finds nothing either
    return found


@pytest.mark.parametrize("stage", ["dev", "prod", "local"])
def test_cfn_lint_finds_nothing(stage: str) -> None:
    assert lint(packaged(stage).path, *EXCEPTIONS.get(stage, {})) == []


def test_cfn_lint_would_find_a_mapping_without_destination_and_a_misspelt_property(tmp_path: Path) -> None:
    body = json.loads(packaged("dev").path.read_text())
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Lambda::EventSourceMapping":
            resource["Properties"].pop("DestinationConfig", None)
    body["Resources"]["LakeBucket"]["Properties"]["BuketName"] = "x"
    broken = tmp_path / "template.json"
    broken.write_text(json.dumps(body))
    found = "\n".join(lint(broken))
    assert "ES1001" in found
    assert "BuketName" in found
