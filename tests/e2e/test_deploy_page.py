"""docs/deploy.md, line by line, against the embedded AWS: every command of the page with stage local, in its order."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.tests.ports import free_port_pair
from tests.e2e.stack import REPO, SWIPELINE, Stack, wait_until
from tests.template.test_deploy_page import COMMANDS

pytestmark = pytest.mark.slow  # Spark, a demo, and the end of a whole stack

# Where stage local has another way to the same end, as the page says.
INSTEAD = {"swipeline deploy --stage dev": "swipeline up"}
SERVERS = ("dashboard", "console")


@pytest.fixture(scope="module")
def page_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An embedded AWS that is not up yet; the page's last commands remove the stage."""
    stack = Stack(home=tmp_path_factory.mktemp("page-home"), port=free_port_pair())
    try:
        yield stack
    finally:
        stack.run("down", check=False)


def test_every_command_of_the_page_does_what_it_says(page_stack: Stack, tmp_path: Path) -> None:
    stack = page_stack
    for command in COMMANDS:
        words = shlex.split(INSTEAD.get(command, command.replace("--stage dev", "--stage local")))
        if words[0] == "sls":
            sls(stack, words[1:])
        elif words[1] in SERVERS:
            serve(stack, words[1:])
        elif "--preflight" in words:
            stack.run("up")  # on the laptop it asks the embedded AWS, which has to be there for it
            stack.run(*words[1:], "--json")
        elif words[1] == "send":
            file = tmp_path / "transactions.csv"
            stack.run("generate", "--rows", "300", "--seed", "97", "--out", file)
            stack.run(*[file if word == "transactions.csv" else word for word in words[1:]])
        elif words[1] == "remove":
            remove(stack, words[1:])
        else:
            stack.run(*words[1:], timeout=900)


def sls(stack: Stack, words: list[str]) -> None:
    """Run the framework, as `swipeline env` sets it up; a roll back is to the newest deploy, the only one there is."""
    variables = json.loads(stack.run("env", "--json").stdout)
    bucket = stack.client("cloudformation").describe_stack_resource(
        StackName="swipeline-local", LogicalResourceId="ServerlessDeploymentBucket"
    )["StackResourceDetail"]["PhysicalResourceId"]
    keys = [one["Key"] for one in stack.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    deploys = sorted({part.split("-")[0] for key in keys for part in key.split("/") if part[:13].isdecimal()})
    words = [deploys[-1] if word.isdecimal() else word for word in words]
    done = subprocess.run(
        ["sls", *words], cwd=REPO, env=stack.env | variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"sls {words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    if words[:2] == ["deploy", "list"]:
        assert deploys[-1] in done.stdout + done.stderr


def is_up(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok
    except requests.RequestException:
        return False


def serve(stack: Stack, words: list[str]) -> None:
    """Start a page, see it answer, and end it."""
    port = free_port_pair()
    server = stack.start(*words, "--no-open", "--port", str(port))
    try:
        wait_until(lambda: is_up(port), 90, f"{words[0]} is up")
    finally:
        server.terminate()
        server.wait()


def remove(stack: Stack, words: list[str]) -> None:
    """Remove the stage, with its name typed as a person types it."""
    done = subprocess.run(
        [*SWIPELINE, *words], cwd=REPO, env=stack.env, input="local\n", capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    there = stack.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])
    stacks = {one["StackName"] for one in there["StackSummaries"]}
    assert ("swipeline-local" in stacks) is ("--yes" not in words and "--orphans" not in words)
