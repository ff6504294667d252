"""Reads a packaged CloudFormation template: resources by type, roles by function, intrinsics as plain text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.template.packaging import package

Resource = dict[str, Any]


class Template:
    """A packaged template, with the stage it is of."""

    def __init__(self, folder: Path, stage: str) -> None:
        self.stage, self.folder = stage, folder
        self.path = folder / "cloudformation-template-update-stack.json"
        self.body: dict[str, Any] = json.loads(self.path.read_text())
        self.resources: dict[str, Resource] = self.body["Resources"]

    def settings(self) -> dict[str, Any]:
        """Give the service's provider settings as they were resolved: what the framework sets beside CloudFormation."""
        state = json.loads((self.folder / "serverless-state.json").read_text())
        provider: dict[str, Any] = state["service"]["provider"]
        return provider

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Give the properties of each resource of a type, by logical id; fails when there is none."""
        found = {i: r.get("Properties", {}) for i, r in self.resources.items() if r["Type"] == kind}
        assert found, f"{self.stage} has no {kind}"
        return found

    def functions(self) -> dict[str, dict[str, Any]]:
        """Give the properties of each function by its short name: write-to-s3."""
        prefix = f"swipeline-{self.stage}-"
        return {p["FunctionName"].removeprefix(prefix): p for p in self.of_type("AWS::Lambda::Function").values()}

    def mappings(self) -> dict[str, dict[str, Any]]:
        """Give the properties of each event source mapping of the stream by its function's short name."""
        names = {f"{i}.Arn": p["FunctionName"] for i, p in self.of_type("AWS::Lambda::Function").items()}
        prefix = f"swipeline-{self.stage}-"
        found = self.of_type("AWS::Lambda::EventSourceMapping").values()
        of_stream = [m for m in found if text(m["EventSourceArn"]) != "MergeQueue.Arn"]
        return {names[text(m["FunctionName"])].removeprefix(prefix): m for m in of_stream}

    def roles(self) -> dict[str, Resource]:
        """Give each function's role by the function's short name."""
        return {
            name: self.resources[text(function["Role"]).removesuffix(".Arn")]
            for name, function in self.functions().items()
        }

    def statements(self) -> Iterator[tuple[str, Resource]]:
        """Give every statement of every role's policies, with the role's logical id."""
        for logical_id, role in self.of_type("AWS::IAM::Role").items():
            for policy in role.get("Policies", []):
                yield from ((logical_id, s) for s in policy["PolicyDocument"]["Statement"])


@cache
def packaged(stage: str, *parameters: str, region: str = "us-east-1") -> Template:
    """Give a stage's template, packaged when first asked for; ``parameters``: name=value, as on the command line."""
    return Template(package(stage, *parameters, region=region), stage)


def as_list(value: Any) -> list[Any]:
    """Give a list of what CloudFormation lets be one thing or several."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """Give an intrinsic as text: {"Fn::GetAtt": ["Table", "Arn"]} -> Table.Arn, {"Ref": "Table"} -> Table."""
    if isinstance(value, str):
        return value
    assert isinstance(value, dict), value
    ((name, inner),) = value.items()
    match name:
        case "Ref":
            return str(inner)
        case "Fn::GetAtt":
            return ".".join(inner)
        case "Fn::Sub":
            return str(inner)
        case "Fn::Join":
            return str(inner[0]).join(text(part) for part in inner[1])
    raise AssertionError(f"unknown intrinsic {name}")
