"""The package alone, without the rest of the repository, runs a service that has nothing to do with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from local.tests.ports import free_port_pair

LOCAL = Path(__file__).resolve().parent.parent
SECONDS = 60.0


class Alone:
    """A folder with a copy of local/ and the sample project, and its embedded AWS."""

    def __init__(self, folder: Path) -> None:
        ignored = shutil.ignore_patterns("__pycache__", "tests")
        shutil.copytree(LOCAL, folder / "package" / "local", ignore=ignored)
        shutil.copytree(LOCAL / "tests" / "sample", folder / "project")
        self._package, self._project = folder / "package", folder / "project"
        framework = LOCAL.parent / "node_modules" / ".bin"  # of this repository, as of anybody's npm install -g
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SWIPELINE_", "PYTHONPATH"))},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(framework), os.environ["PATH"]]),
            "SWIPELINE_PORT": str(free_port_pair()),
        }

    def run(self, command: str) -> Any:
        """Run `python -m local COMMAND`; its answer."""
        asked = [sys.executable, "-m", "local", command, "--project", str(self._project)]
        done = subprocess.run(
            asked, cwd=self._package, env=self._environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout or "null")

    def client(self, service: str) -> Any:
        """A client as root."""
        variables = self.run("env")
        return boto3.client(
            service,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    alone = Alone(tmp_path_factory.mktemp("alone"))
    try:
        yield alone
    finally:
        alone.run("reset")


@pytest.mark.e2e
def test_another_service_is_deployed_and_does_its_work(alone: Alone) -> None:
    status = alone.run("up")
    assert status["deployed"]
    (api,) = alone.client("apigateway").get_rest_apis()["items"]
    url = f"{status['endpoint']}/_aws/execute-api/{api['id']}/local/notes"
    answer = requests.post(url, json={"id": "1", "text": "hello"}, timeout=30)
    assert answer.status_code == 202, answer.text

    table, deadline = alone.client("dynamodb"), time.monotonic() + SECONDS
    while not (items := table.scan(TableName=status["outputs"]["TableName"])["Items"]):
        assert time.monotonic() < deadline, "the note is not in the table"
        time.sleep(0.1)
    assert items == [{"id": {"S": "1"}, "text": {"S": "hello"}}]

    alone.run("down")
    assert not alone.run("status")["deployed"]
    assert alone.run("up")["deployed"]
    assert alone.client("dynamodb").scan(TableName=status["outputs"]["TableName"])["Count"] == 1
