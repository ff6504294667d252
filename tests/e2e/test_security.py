"""What must never happen: a card number past the edge, a call without a key, a function with more than its role."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.stack import Stack, wait_until
from tests.e2e.test_stream_path import rows_of


def everything_stored(stack: Stack) -> dict[str, bytes]:
    """All bytes at rest past the edge, by where they are."""
    places = {
        "stream": b"\n".join(stack.records()),
        "table": json.dumps(list(stack.items())).encode(),
        "warehouse": repr(stack.sql("SELECT * FROM core.transaction")).encode()
        + repr(stack.sql("SELECT * FROM core.customer")).encode()
        + repr(stack.sql("SELECT * FROM staging.transaction")).encode()
        + repr(stack.sql("SELECT * FROM stl_load_errors")).encode(),
    }
    for bucket in ("LakeBucket", "DeliveryBucket", "QuarantineBucket"):
        places[bucket] = b"\n".join(body for _, body in stack.objects(bucket))
    logs = stack.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            places[name] = "\n".join(e["message"] for p in events for e in p["events"]).encode()
    for file in sorted([*stack.home.glob("logs/**/*"), *stack.home.glob("state/**/*.duckdb*")]):
        if file.is_file():
            places[file.name] = file.read_bytes()
    return places


def test_a_card_number_is_nowhere_past_the_edge(stack: Stack, csv_file: Any, reconcile: Any, tmp_path: Path) -> None:
    path = csv_file(rows=1_000)
    stack.run("send", path)
    reconcile(path)
    good = rows_of(path)[0]
    bad = [good | {"amt": "-1"}, good | {"first": good["cc_num"]}, good | {"cc_num": good["cc_num"] + ".0"}]
    assert stack.post(bad).status_code == 400

    numbers = {r["cc_num"].encode() for r in rows_of(path)}
    places = everything_stored(stack)
    assert len(places["stream"]) > 100_000
    assert {"/aws/lambda/swipeline-local-write-to-kinesis"} <= set(places)
    leaks = {(place, number[-4:]) for place, data in places.items() for number in numbers if number in data}
    assert not leaks


def test_the_search_for_card_numbers_finds_one_that_is_there(stack: Stack) -> None:
    stack.client("s3").put_object(Bucket=stack.outputs["LakeBucket"], Key="leak/x", Body=b"..4111111111111111..")
    try:
        assert b"4111111111111111" in everything_stored(stack)["LakeBucket"]
    finally:
        stack.client("s3").delete_object(Bucket=stack.outputs["LakeBucket"], Key="leak/x")


@pytest.mark.parametrize("key", [None, "not-the-key-of-anyone"])
def test_a_sender_without_the_key_gets_403(stack: Stack, key: str | None) -> None:
    headers = {"x-api-key": key} if key else {}
    assert requests.post(stack.url, json=[], headers=headers, timeout=30).status_code == 403


def test_a_role_that_lacks_one_permission_fails_as_on_aws(stack: Stack, csv_file: Any) -> None:
    """IAM is enforced: take kinesis:PutRecords from the function's role, and the API can no longer store."""
    row = rows_of(csv_file(rows=10))[:1]
    functions, iam = stack.client("lambda"), stack.client("iam")
    name = f"swipeline-{stack.stage}-write-to-kinesis"
    role = functions.get_function_configuration(FunctionName=name)["Role"].rsplit("/", 1)[1]
    policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
    originals = {p: iam.get_role_policy(RoleName=role, PolicyName=p)["PolicyDocument"] for p in policies}
    try:
        for policy, document in originals.items():
            less = json.loads(json.dumps(document).replace("kinesis:PutRecords", "kinesis:DescribeLimits"))
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(less))
        answer = stack.post(row)
        assert answer.status_code in (500, 503), answer.text
    finally:
        for policy, document in originals.items():
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
    wait_until(lambda: stack.post(row).status_code == 202, 30, "the API stores again")
