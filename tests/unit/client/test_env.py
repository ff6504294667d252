"""`swipeline env` points a shell at the embedded AWS, and at no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from client.cli import app


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("SWIPELINE_HOME", str(tmp_path / "a home"))
    monkeypatch.setenv("SWIPELINE_PORT", "4999")


def test_a_shell_that_evaluates_it_talks_to_the_embedded_aws():
    script = CliRunner().invoke(app, ["env"]).stdout
    command = f'{script}\n{sys.executable} -c "import os, json; print(json.dumps(dict(os.environ)))"'
    seen = json.loads(subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout)
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4999"
    assert seen["AWS_ENDPOINT_URL_REDSHIFT_DATA"] == "http://127.0.0.1:5000"
    assert seen["AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS"] == "http://127.0.0.1:5000"
    assert seen["SWIPELINE_HOME"].endswith("a home")
    assert "node_modules/.bin" in seen["PATH"]


def test_it_takes_the_persons_own_aws_session_out_of_the_way(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    script = CliRunner().invoke(app, ["env"]).stdout
    assert "unset AWS_PROFILE" in script
    assert "unset AWS_SESSION_TOKEN" in script
    assert "secret" not in script
