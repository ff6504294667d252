"""What a role has used of its permissions, as its policy writes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import iam_evaluator

from local.permissions import Permissions, role_name

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/one"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": ["arn:aws:s3:::lake/in/*"]},
        {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": [TABLE, f"{TABLE}/index/*"]},
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::lake/in/never"},
    ],
}


@pytest.fixture
def permissions() -> Permissions:
    return Permissions()


@pytest.fixture
def ask(permissions: Permissions) -> Any:
    """``ask(action, resource)`` of a role's session; gives the decision."""
    evaluator = SimpleNamespace(
        evaluate=iam_evaluator.evaluate,
        _action_matches=iam_evaluator._action_matches,
        _resource_matches=iam_evaluator._resource_matches,
    )
    permissions.install(evaluator)

    def asked(action: str, resource: str, principal: str = "arn:aws:sts::0:assumed-role/writer/session") -> str:
        context = iam_evaluator.EvalContext(principal, "AssumedRole", "0", action, resource, "us-east-1")
        return str(evaluator.evaluate(context, [iam_evaluator.parse_policy_document(POLICY)]).decision)

    return asked


def used(permissions: Permissions) -> list[tuple[str, ...]]:
    return [tuple(one.values()) for one in permissions.report()["used"]]


def test_what_a_policy_allowed_is_noted_once_and_as_the_policy_writes_it(permissions: Permissions, ask: Any) -> None:
    for key in ("a", "b", "b"):
        assert ask("s3:PutObject", f"arn:aws:s3:::lake/in/{key}") == "Allow"
    assert ask("dynamodb:Query", f"{TABLE}/index/by-day") == "Allow"
    assert used(permissions) == [
        ("writer", "dynamodb:Query", f"{TABLE}/index/*"),
        ("writer", "s3:PutObject", "arn:aws:s3:::lake/in/*"),
    ]


def test_what_was_refused_is_not_noted(permissions: Permissions, ask: Any) -> None:
    assert ask("s3:PutObject", "arn:aws:s3:::lake/in/never") == "Deny"
    assert ask("s3:DeleteObject", "arn:aws:s3:::lake/in/a") == "ImplicitDeny"
    assert used(permissions) == []


def test_only_roles_are_noted(permissions: Permissions, ask: Any) -> None:
    assert ask("dynamodb:Query", TABLE, "arn:aws:iam::0:user/ada") == "Allow"
    assert used(permissions) == []


def test_a_request_to_the_redshift_data_api_is_noted_as_it_is_asked(permissions: Permissions) -> None:
    permissions.asked([("Host", "h"), ("X-Amz-Target", "RedshiftData.DescribeStatement")], "merger")
    permissions.asked([("X-Amz-Target", "Kinesis_20131202.PutRecords")], "writer")
    assert used(permissions) == [("merger", "redshift-data:DescribeStatement", "*")]


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:sts::0:assumed-role/writer/session", "writer"),
        ("arn:aws:iam::0:role/team/writer", "writer"),
        ("arn:aws:iam::0:user/writer", ""),
        ("arn:aws:iam::0:root", ""),
    ],
)
def test_the_name_of_a_role(arn: str, name: str) -> None:
    assert role_name(arn) == name
