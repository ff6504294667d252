"""Every file of every artifact: no secret, no card number, no cache, no test; and that this check would find one."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.template.leaks import found
from tests.template.template import Template

OURS, LAYER = "swipeline.zip", "pythonRequirements.zip"
EXAMPLES = {("python/pydantic/networks.py", "login in an address")}  # of its docstrings: user:pass@localhost
# In pieces, so that no scanner of the repository finds them here.
PLANTED = {
    "shared/aws.py": ("KEY = 'AKIA" + "IOSFODNN7EXAMPLE'", "AWS key id"),
    "shared/config.py": (
        "aws_secret_access_key = '" + "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY'",
        "AWS secret key",
    ),
    "shared/key.py": ("K = '''-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEpAIBAAKCAQEA75'''", "private key"),
    "shared/source.py": ("TOKEN = 'ghp_" + "a1B2" * 9 + "'", "GitHub token"),
    "shared/store.py": ("URL = 'postgres://swipe:" + "hunter2@db.example.com/x'", "login in an address"),
    "shared/sample.py": ("CARD = 4111" + "111111111111", "card number"),
    "fraud/models/sample.json": ('{"cc_num": "5500' + ' 0000 0000 0004"}', "card number"),
    "shared/__pycache__/aws.cpython-314.py": ("", "cache or test"),
    "shared/tests/helper.py": ("", "cache or test"),
    "handlers/test_handler.py": ("", "name"),
    "glue/.env": ("", "name"),
    "redshift/server.pem": ("", "name"),
}


def test_the_zip_of_the_functions_has_nothing_that_must_not_leave(template: Template) -> None:
    assert found(template.folder / OURS, cards=True) == set()


@pytest.mark.parametrize("stage", ["dev", "local"])  # prod's layer is made of dev's files
def test_the_layer_has_nothing_that_must_not_leave(stage: str, request: pytest.FixtureRequest) -> None:
    template: Template = request.getfixturevalue(stage)
    assert found(template.folder / LAYER, cards=False) == EXAMPLES


def test_every_artifact_of_a_stage_is_one_that_is_looked_at(template: Template, dev: Template) -> None:
    assert {path.name for path in template.folder.glob("*.zip")} == {OURS, LAYER}
    if template.stage != "local":
        assert (template.folder / LAYER).read_bytes() == (dev.folder / LAYER).read_bytes()


def test_each_thing_that_must_not_be_there_would_be_found(tmp_path: Path, dev: Template) -> None:
    archive = tmp_path / OURS
    archive.write_bytes((dev.folder / OURS).read_bytes())
    with zipfile.ZipFile(archive, "a") as files:
        for name, (content, _) in PLANTED.items():
            files.writestr(f"planted/{name}", content)
    assert found(archive, cards=True) == {(f"planted/{name}", kind) for name, (_, kind) in PLANTED.items()}


@pytest.mark.parametrize("number", ["0.4111111111111111", "4111111111111112", "1732471200000000", "0000000000000000"])
def test_numbers_that_are_no_cards_are_let_be(tmp_path: Path, number: str) -> None:
    with zipfile.ZipFile(tmp_path / OURS, "w") as files:
        files.writestr("fraud/models/swipeline.json", f'{{"threshold": {number}}}')
    assert found(tmp_path / OURS, cards=True) == set()
