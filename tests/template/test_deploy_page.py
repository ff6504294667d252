"""docs/deploy.md: its commands exist, its policy holds what a deploy takes, its list of what never to change is so."""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from typer.main import get_command

from client import cli
from client.verify.permissions import needed
from tests.template.packaging import ROOT
from tests.template.template import Template

PAGE = (ROOT / "docs" / "deploy.md").read_text()
POLICY = json.loads((ROOT / "docs" / "deploy-policy.json").read_text())
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
SLS = {"deploy": {"--stage"}, "deploy list": {"--stage"}, "rollback": {"--stage", "--timestamp"}}
NEVER = {
    kind: set(re.findall(r"`(\w+)`", properties))
    for kind, properties in re.findall(r"^\| `(AWS::\w+::\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE)
}


@pytest.mark.parametrize("command", sorted({c for c in COMMANDS if c.startswith("swipeline ")}))
def test_a_command_of_ours_has_the_name_and_the_options_that_the_page_gives_it(command: str) -> None:
    name, *arguments = shlex.split(command)[1:]
    found = get_command(cli.app).commands[name]  # type: ignore[attr-defined]
    # Only parsed: what is wrong raises a usage error.
    with found.make_context(name, list(arguments), resilient_parsing=False) as context:
        assert "stage" not in context.params or context.params["stage"] == "dev"


def test_every_other_command_of_the_page_is_one_of_the_framework_s() -> None:
    assert COMMANDS
    for command in COMMANDS:
        if command.startswith("swipeline "):
            continue
        words = shlex.split(command)
        assert words[0] == "sls", command
        options = {word for word in words if word.startswith("--")}
        name = " ".join(word for word in words[1:3] if word in ("deploy", "list", "rollback"))
        assert options <= SLS[name], command


def test_the_inline_commands_exist_too() -> None:
    known = set(get_command(cli.app).commands)  # type: ignore[attr-defined]
    for name in re.findall(r"`swipeline ([\w-]+)", PAGE):
        assert name in known, name


def test_the_policy_allows_each_action_that_a_deploy_takes(prod: Template) -> None:
    allowed = [action for statement in POLICY["Statement"] for action in statement["Action"]]
    for action in needed({resource["Type"] for resource in prod.resources.values()}):
        assert any(fnmatch.fnmatchcase(action, pattern) for pattern in allowed), action
    assert all(statement["Effect"] == "Allow" for statement in POLICY["Statement"])


def test_a_service_s_wildcard_is_for_resources_named_after_the_service_alone() -> None:
    for statement in POLICY["Statement"]:
        if any(action.endswith("*") for action in statement["Action"]):
            for resource in statement["Resource"]:
                assert "swipeline-" in resource or ":log-group:/aws" in resource, resource


def of_the_schema(kind: str, key: str = "createOnlyProperties") -> set[str]:
    """The properties that CloudFormation cannot change without a replacement, by AWS's own schema of the type."""
    schema: dict[str, Any] = dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema)
    return {path.split("/")[2] for path in schema.get(key, [])}


@pytest.mark.parametrize("kind", sorted(NEVER))
def test_what_is_never_to_be_changed_is_what_cloudformation_replaces(prod: Template, kind: str) -> None:
    set_here = {name for properties in prod.of_type(kind).values() for name in properties}
    assert NEVER[kind] >= of_the_schema(kind) & set_here
    assert NEVER[kind] <= of_the_schema(kind) | of_the_schema(kind, "conditionalCreateOnlyProperties")


def test_every_resource_that_a_stage_keeps_is_on_the_list(prod: Template) -> None:
    kept = {r["Type"] for r in prod.resources.values() if r.get("UpdateReplacePolicy") == "Retain"}
    named = {kind for kind in kept if of_the_schema(kind) & {n for p in prod.of_type(kind).values() for n in p}}
    assert named - {"AWS::IAM::Role"} <= set(NEVER)


def test_a_replaced_delivery_stream_starts_at_latest_and_the_page_says_what_brings_the_rest() -> None:
    (row,) = re.findall(r"^\| `AWS::KinesisFirehose::DeliveryStream` .*$", PAGE, re.MULTILINE)
    assert "LATEST" in row
    assert "`swipeline replay`" in row


def test_the_page_deploys_by_the_command_that_migrates_too_and_says_why_before_it_verifies_and_sends() -> None:
    names = [shlex.split(command)[1] for command in COMMANDS if command.startswith("swipeline ")]
    preflight, deploy, *after = names
    assert (preflight, deploy) == ("verify", "deploy")
    assert after.index("verify") < after.index("demo")
    deploying = PAGE.partition("## 2. Deploy")[2].partition("## 3.")[0]
    assert "until the warehouse is migrated" in " ".join(deploying.split())
