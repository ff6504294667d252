"""`swipeline deploy`: the steps in their order, once more where protection was held back, and a patient migration."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from client.deploy import run
from client.errors import ClientError


class Stage:
    """A stage on AWS whose template and function are the test's."""

    name, local, region = "prod", False, "us-east-1"

    def __init__(self, templates: list[dict[str, Any]], answers: list[Any]) -> None:
        self.templates, self.answers = templates, answers

    def client(self, _: str) -> Stage:
        return self

    def get_template(self, StackName: str) -> dict[str, Any]:
        assert StackName == "swipeline-prod"
        return {"TemplateBody": {"Resources": self.templates.pop(0)}}

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert FunctionName == "swipeline-prod-migrate-warehouse"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}


HELD_BACK = {"T": {"Type": "AWS::DynamoDB::Table", "Metadata": {"DeletionProtection": "with the next deploy"}}}
PROTECTED = {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": True}}}


def steps(stage: Stage, code: int = 0) -> list[str]:
    done: list[str] = []

    def framework(_: Any, parameters: list[str]) -> int:
        done.append(f"deploy {parameters}")
        return code

    run.deploy(stage, ["a=b"], done.append, framework)  # type: ignore[arg-type]
    return done


def test_a_deploy_is_followed_by_the_migration() -> None:
    done = steps(Stage([PROTECTED], [{"statements": 3}]))
    assert done[0] == "deploy ['a=b']"
    assert [line for line in done if line.startswith("deploy")] == done[:1]
    assert any(line.startswith("migrated") for line in done)


def test_a_first_deploy_is_deployed_once_more_for_deletion_protection() -> None:
    done = steps(Stage([HELD_BACK], [{}]))
    assert [line for line in done if line.startswith("deploy")] == ["deploy ['a=b']"] * 2


def test_a_failed_deploy_is_not_migrated_and_says_how_to_clear_what_is_left() -> None:
    with pytest.raises(ClientError, match="swipeline remove --stage prod"):
        steps(Stage([], []), code=1)


def test_a_migration_that_outlasts_an_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.time, "sleep", lambda _: None)
    slow = {"errorMessage": "still STARTED when the time was up (statement 1)"}
    stage = Stage([PROTECTED], [ReadTimeoutError(endpoint_url="https://lambda"), slow, {"statements": 3}])
    assert [line for line in steps(stage) if line.startswith("not yet")].__len__() == 2
    assert stage.answers == []


def test_a_migration_that_is_refused_is_told_in_the_warehouse_s_words() -> None:
    with pytest.raises(ClientError, match="permission denied"):
        steps(Stage([PROTECTED], [{"errorMessage": "FAILED: ERROR: permission denied"}]))
