"""A running stage under a game day: its alarms, its doctor, its console, and the commands of its runbook."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from client.console.runbook import entry, for_stage
from local.tests.ports import free_port_pair
from tests.e2e.breakage import Breakage
from tests.e2e.stack import REPO, Stack, wait_until

Findings = list[dict[str, Any]]
PLACEHOLDERS = ("UUID", "KEY", "WHY", "FUNCTION")


class World:
    """One stack and what looks at it."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder, self.broken = stack, folder, Breakage(stack)
        self.prefix = f"swipeline-{stack.stage}-"
        self.console = ""
        self.notes: dict[str, Any] = {}  # what a day keeps for its end
        self._shell = self._environment()

    @contextmanager
    def with_console(self) -> Iterator[None]:
        """Serve the console, as an operator does."""
        port = free_port_pair()
        server = self.stack.start("console", "--no-open", "--port", str(port))
        self.console = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: self._answers(), 60, "the console answers")
            yield
        finally:
            server.terminate()
            server.wait()

    def alarms(self) -> dict[str, str]:
        """The state of each alarm, by its name without service and stage."""
        pages = self.stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=self.prefix)
        found = (alarm for page in pages for alarm in page["MetricAlarms"])
        return {alarm["AlarmName"].removeprefix(self.prefix): alarm["StateValue"] for alarm in found}

    def doctor(self) -> Findings:
        """What `swipeline doctor --json` finds."""
        return list(json.loads(self.stack.run("doctor", "--json", check=False).stdout)["findings"])

    def on_console(self) -> Findings:
        """What the console's page "What is wrong now" shows."""
        with urllib.request.urlopen(f"{self.console}/api/doctor", timeout=60) as answer:
            return list(json.load(answer)["findings"])

    def run_as_written(self, anchor: str, command: str, values: dict[str, str]) -> None:
        """Run a command of a runbook entry in a shell, after filling in its placeholders. Raises AssertionError."""
        text = " ".join((for_stage(entry(anchor) or "", self.stack.stage)).split())
        assert for_stage(command, self.stack.stage) in text, f"docs/runbook.md#{anchor} does not have: {command}"
        filled = for_stage(command, self.stack.stage)
        for name in PLACEHOLDERS:
            filled = re.sub(
                rf"(?<![A-Z]){name}(?![A-Z])", lambda _, name=name: shlex.quote(values.get(name, name)), filled
            )
        done = subprocess.run(
            ["bash", "-c", filled], cwd=REPO, env=self._shell, capture_output=True, text=True, timeout=400, check=False
        )
        assert done.returncode == 0, f"{filled} ended with {done.returncode}: {done.stdout[-800:]} {done.stderr[-800:]}"

    def send(self, path: Path, *, resume: bool = False) -> bool:
        """Send a file; whether all of it was taken."""
        options = ("--resume",) if resume else ("--retry-deadline", "8")
        return self.stack.run("send", path, *options, check=False, timeout=300).returncode == 0

    def mapping(self, function: str) -> str:
        """The UUID of a function's event source mapping."""
        (found,) = self.broken.functions.list_event_source_mappings(FunctionName=self.prefix + function)[
            "EventSourceMappings"
        ]
        return str(found["UUID"])

    def take_policies(self, role: str) -> None:
        """Remove every policy of a role, as a careless change does."""
        iam = self.stack.client("iam")
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=name)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.console}/api/stage", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        """The shell of `eval "$(swipeline env)"`, with the `swipeline` of this tree first on the path."""
        tools = self.folder / "bin"
        tools.mkdir(parents=True, exist_ok=True)
        own = tools / "swipeline"
        own.write_text(f'#!/bin/sh\ncd {shlex.quote(str(REPO))} && exec {sys.executable} -m client.cli "$@"\n')
        own.chmod(0o755)
        variables = json.loads(self.stack.run("env", "--json").stdout)
        path = os.pathsep.join([str(tools), str(variables.get("PATH", os.environ["PATH"]))])
        return self.stack.env | variables | {"PATH": path}


def held_in(findings: Findings, area: str, line: str) -> dict[str, Any] | None:
    """The finding of an area whose name has these words, if it is not well."""
    for one in findings:
        if one["area"] == area and line in one["name"] and one["state"] in ("problem", "unknown", "warning"):
            return one
    return None


def clock() -> float:
    """Seconds that only go forward."""
    return time.monotonic()
