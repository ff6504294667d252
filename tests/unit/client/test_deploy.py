"""`swipeline deploy`: the steps in their order, and once more where deletion protection was held back."""

from __future__ import annotations

from typing import Any

import pytest

from client.deploy import run
from client.errors import ClientError
from tests.unit.fakes.shapes import obeys


@obeys("cloudformation")
class Stage:
    """A stage on AWS whose template and function are the test's."""

    name, local, region = "prod", False, "us-east-1"

    def __init__(self, templates: list[dict[str, Any]]) -> None:
        self.templates = templates

    def client(self, _: str) -> Stage:
        return self

    def get_template(self, StackName: str) -> dict[str, Any]:
        assert StackName == "swipeline-prod"
        return {"TemplateBody": {"Resources": self.templates.pop(0)}}


HELD_BACK = {"T": {"Type": "AWS::DynamoDB::Table", "Metadata": {"DeletionProtection": "with the next deploy"}}}
PROTECTED = {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": True}}}


def steps(stage: Stage, code: int = 0) -> list[str]:
    done: list[str] = []

    def framework(_: Any, parameters: list[str]) -> int:
        done.append(f"deploy {parameters}")
        return code

    run.deploy(stage, ["a=b"], done.append, framework, lambda _, report: report("migrated"))  # type: ignore[arg-type]
    return done


def test_a_deploy_is_followed_by_the_migration() -> None:
    done = steps(Stage([PROTECTED]))
    assert done[0] == "deploy ['a=b']"
    assert [line for line in done if line.startswith("deploy")] == done[:1]
    assert any(line.startswith("migrated") for line in done)


def test_a_first_deploy_is_deployed_once_more_for_deletion_protection() -> None:
    done = steps(Stage([HELD_BACK]))
    assert [line for line in done if line.startswith("deploy")] == ["deploy ['a=b']"] * 2


def test_a_failed_deploy_is_not_migrated_and_says_how_to_clear_what_is_left() -> None:
    with pytest.raises(ClientError, match="swipeline remove --stage prod"):
        steps(Stage([]), code=1)
