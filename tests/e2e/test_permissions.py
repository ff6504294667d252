"""Each action that a function's role is granted is one that the function uses, on that resource."""

from __future__ import annotations

import ast
import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import permissions
from tests.e2e.stack import REPO, Stack, wait_until
from tests.e2e.test_query import call, reader_key
from tests.e2e.test_stream_path import rows_of

BY_ROTATION = "rotate-card-key"  # test_card_key_rotation.py asks of it: a key more would be in the way of other tests


def invoke(stack: Stack, function: str, event: dict[str, Any]) -> Any:
    name = f"swipeline-{stack.stage}-{function}"
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    body = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, body
    return body


def damage_profiles(stack: Stack, table: str, path: Path) -> None:
    """Give the file's busiest cards a count that is no number: their next rows find it."""
    dynamodb, ids = stack.client("dynamodb"), {row["trans_num"] for row in rows_of(path)}

    def known() -> list[dict[str, Any]]:
        cards = {item["card_id"]["S"] for item in stack.items() if item["transaction_id"]["S"] in ids}
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        profiles = (item for page in pages for item in page["Items"])
        return [one for one in profiles if one["card_id"]["S"] in cards and "N" in one["scored"]]

    for item in sorted(wait_until(known, 60, "cards are known"), key=lambda item: -int(item["scored"]["N"]))[:5]:
        dynamodb.put_item(TableName=table, Item=item | {"scored": {"S": "many"}})


def dispute(stack: Stack, path: Path, rows: list[dict[str, str]]) -> None:
    """Send another content of two ids, one under the same key of the table and one under another, and correct one."""
    other = [rows[0] | {"amt": "0.01"}, rows[1] | {"trans_date_trans_time": "2019-01-01 00:00:00"}]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(other)
    stack.run("send", path)
    conflicts = partial(stack.objects, "QuarantineBucket", "conflicts/")
    wait_until(lambda: len(list(conflicts())) >= len(rows), 90, "both conflicts are in quarantine")
    stack.run("correct", rows[0]["trans_num"], "--set", "amt=5.00", "--by", "a test", "--yes")


@pytest.fixture(scope="module")
def driven(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have each function do each kind of its work once."""
    path = tmp_path_factory.mktemp("permissions") / "sent.csv"
    profiles = f"swipeline-{stack.stage}-profiles"
    stack.run("generate", "--rows", "2000", "--seed", "4680", "--out", path)
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, part in (("first.csv", lines[:1500]), ("second.csv", lines[1500:])):
        # A profile that is there already is changed by another permission than that which puts a card's first.
        path.with_name(name).write_text("".join([header, *part]), encoding="utf-8")
        stack.run("send", path.with_name(name))
        damage_profiles(stack, profiles, path.with_name(name))
    dispute(stack, path.with_name("conflicts.csv"), rows_of(path)[:2])
    stack.client("kinesis").put_record(StreamName=stack.outputs["StreamName"], Data=b'[1,"x"]\n', PartitionKey="00")
    alerts = stack.outputs["AlertDeliveryStreamName"]
    stack.client("firehose").put_record(DeliveryStreamName=alerts, Record={"Data": b"no alert\n"})
    invoke(stack, "migrate-warehouse", {})

    read = partial(call, stack, reader_key(stack))
    row = rows_of(path)[-1]

    def alert() -> Any:
        listed = read("GET", "/alerts").json().get("alerts")
        return listed and listed[0]

    found = wait_until(alert, 60, "an alert is raised")
    wait_until(
        lambda: read("GET", f"/transactions/{row['trans_num']}").status_code == 200, 60, "the last row is stored"
    )
    for where, question in (
        ("/transactions", {"card_id": found["card_id"]}),
        ("/transactions", {"merchant": row["merchant"]}),
        ("/merchants", {"prefix": "k"}),
        ("/alerts", {"card_id": found["card_id"]}),
        ("/alerts", {"status": "open"}),
        (f"/alerts/{found['alert_id']}", {}),
    ):
        assert read("GET", where, params=question).status_code == 200, where
    assert read("POST", "/transactions/search", json={"card_number": row["cc_num"]}).status_code == 200
    review = partial(call, stack, reader_key(stack, "ReviewerApiKeyId"), "POST")
    said = review(f"/alerts/{found['alert_id']}/verdict", json={"verdict": "fraud", "by": "ada"})
    assert said.status_code == 200, said.text
    said = review(f"/transactions/{row['trans_num']}/corrections", json={"changes": {"amt": "5.00"}, "by": "ada"})
    assert said.status_code == 200, said.text
    invoke(stack, "measure-fraud", {})


@pytest.mark.usefixtures("driven")
def test_each_function_uses_all_that_its_role_is_granted(stack: Stack) -> None:
    roles = permissions.roles(stack)
    assert len(roles) == len(set(roles.values())) == 10
    del roles[BY_ROTATION]
    left: dict[str, Any] = {}

    def all_used() -> bool:
        left.clear()
        left.update({name: found for name, role in roles.items() if (found := permissions.unused(stack, role))})
        return not left

    wait_until(all_used, 90, "every permission is used", lambda: f"but not {left}")


@pytest.mark.usefixtures("driven")
def test_what_is_said_to_be_used_on_aws_alone_is_granted_and_not_used_here(stack: Stack) -> None:
    roles = permissions.roles(stack).values()
    granted = {action for role in roles for action, _ in permissions.granted(stack, role)}
    assert set(permissions.ON_AWS) <= granted
    used = permissions.used(stack)
    assert not {action for role in roles for action, _ in used.get(role, ())} & set(permissions.ON_AWS)


def test_the_test_of_what_is_used_when_a_function_gives_up_is_there() -> None:
    file, _, name = permissions.GIVEN_UP.partition("::")
    tree = ast.parse((Path(REPO) / "tests" / "e2e" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_a_permission_that_nobody_uses_is_seen(stack: Stack) -> None:
    role = permissions.roles(stack)["measure-fraud"]
    iam, resource = stack.client("iam"), "arn:aws:dynamodb:us-east-1:000000000000:table/nobodys"
    statement = {"Effect": "Allow", "Action": ["dynamodb:Query", "dynamodb:DeleteItem"], "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="one-more", PolicyDocument=document)
    try:
        assert permissions.unused(stack, role) >= {("dynamodb:Query", resource), ("dynamodb:DeleteItem", resource)}
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="one-more")
