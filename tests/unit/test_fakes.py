"""No fake of an AWS client takes what botocore would not send."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from tests.unit.fakes.shapes import obeys, operations

TESTS = Path(__file__).parents[1]
FOLDERS = ("unit", "property")
NOT_CLIENTS = {"MotoBackend"}
SERVICES = (
    *("apigateway", "athena", "cloudformation", "cloudwatch", "dynamodb", "events", "firehose", "glue", "iam"),
    *("kinesis", "lambda", "logs", "redshift-data", "redshift-serverless", "s3", "secretsmanager", "service-quotas"),
    *("sns", "sqs", "stepfunctions", "sts"),
)


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for folder in FOLDERS:
        for path in sorted((TESTS / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield str(path.relative_to(TESTS)), node


def test_every_fake_of_a_client_validates_what_it_is_called_with() -> None:
    """A call that the real client refuses, such as a long poll of 0 s, passed every test of a patient fake."""
    calls = set().union(*map(operations, SERVICES))
    found = list(classes())
    obedient = {node.name for _, node in found if any("obeys(" in ast.unparse(one) for one in node.decorator_list)}
    assert len(obedient) > 10
    for path, node in found:
        fakes = {function.name for function in node.body if isinstance(function, ast.FunctionDef)} & calls
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        if fakes and node.name not in NOT_CLIENTS and not bases & obedient:
            assert node.name in obedient, f"{path}: {node.name} fakes {sorted(fakes)} without @obeys(service)"


def test_a_subclass_validates_what_it_overrides() -> None:
    @obeys("redshift-data")
    @obeys("s3")
    class Fake:
        def describe_statement(self, **_: Any) -> str:
            return "described"

    class Slower(Fake):
        def describe_statement(self, **_: Any) -> str:
            return "described later"

        def get_object(self, **_: Any) -> str:
            return "got"

    assert Slower().describe_statement(Id="s", WaitTimeSeconds=1) == "described later"
    for fake in (Fake(), Slower()):
        with pytest.raises(ParamValidationError, match="WaitTimeSeconds"):
            fake.describe_statement(Id="s", WaitTimeSeconds=0)
    with pytest.raises(ParamValidationError, match="Bucket"):
        Slower().get_object(Key="k")
