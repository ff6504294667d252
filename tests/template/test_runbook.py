"""The runbook: every entry has its five parts, every command in it exists, and so does every saved query it names."""

from __future__ import annotations

import re
import shlex
from typing import Any

import botocore.session
import pytest
import typer.main

from client.cli import app
from tests.template.runbook import PARTS, commands, entries
from tests.template.template import Template

AWS = botocore.session.get_session()


@pytest.mark.parametrize("name", sorted(entries()))
def test_an_entry_goes_from_meaning_to_a_check(name: str) -> None:
    assert re.findall(r"^- \*\*(\w+):\*\* \S", entries()[name], re.M) == list(PARTS)


@pytest.mark.parametrize("name", sorted(entries()))
def test_every_command_of_an_entry_exists(name: str) -> None:
    listed = commands(entries()[name])
    assert listed, f"{name} has no command to run"
    for command in listed:
        words = shlex.split(re.sub(r"\b[A-Z_]+=\S+ ", "", command))
        {"swipeline": check_swipeline, "aws": check_aws, "npx": check_npx}[words[0]](words[1:])


def check_swipeline(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, words
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        assert not word.startswith("--") or word in options, (command.name, word)


def check_aws(words: list[str]) -> None:
    service, operation, rest = words[0], words[1], words[2:]
    if (service, operation) == ("logs", "tail"):  # the CLI's own
        return
    client = AWS.create_client(service, region_name="us-east-1")
    method = operation.replace("-", "_")
    assert method in client.meta.method_to_api_mapping, (service, operation)
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    known = {botocore.xform_name(member, "-") for member in shape.members} if shape else set()
    for word in rest:
        if word.startswith("--"):
            assert word.removeprefix("--").removeprefix("no-") in known, (operation, word)


def check_npx(words: list[str]) -> None:
    assert words[:2] == ["sls", "deploy"]


def test_every_saved_query_that_an_entry_names_is_saved(dev: Template) -> None:
    saved = {q["Name"].split("/")[1] for q in dev.of_type("AWS::Logs::QueryDefinition").values()}
    named = {name for text in entries().values() for name in re.findall(r"swipeline logs ([a-z-]+)", text)}
    assert named <= saved


def test_links_within_the_runbook_lead_somewhere() -> None:
    from tests.template.packaging import ROOT

    text = (ROOT / "docs" / "runbook.md").read_text()
    headings = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}
    anchors = headings | set(re.findall(r'<a id="([^"]+)">', text))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    assert set(entries()) <= anchors
