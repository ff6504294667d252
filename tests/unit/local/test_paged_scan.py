"""A paged Scan gives what MiniStack's own gives, whatever the segments, limits, filters and writes between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ministack.services import dynamodb

from local import paged_scan

SCAN = dynamodb._scan


def answer(result: tuple[int, Any, Any]) -> dict[str, Any]:
    status, _, body = result
    assert status == 200, body
    return dict(json.loads(body))


def make_table(name: str, sort: bool, items: int) -> None:
    dynamodb._tables.pop(name, None)
    keys = [("pk", "HASH"), *([("sk", "RANGE")] if sort else [])]
    answer(
        dynamodb._create_table(
            {
                "TableName": name,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k, _ in keys],
                "KeySchema": [{"AttributeName": k, "KeyType": kind} for k, kind in keys],
            }
        )
    )
    for number in range(items):
        put(name, number, sort)


def put(name: str, number: int, sort: bool) -> None:
    # More sort keys than partition keys, so that pages end within a partition.
    key = {"pk": {"S": f"p{number % 7}"}, "sk": {"S": f"s{number}"}} if sort else {"pk": {"S": f"p{number}"}}
    answer(dynamodb._put_item({"TableName": name, "Item": key | {"n": {"N": str(number)}, "é": {"S": "é" * 20}}}))


def read(scan: Any, between: Any = lambda: None, **request: Any) -> list[str]:
    found: list[str] = []
    data = dict(request)
    for _ in range(1_000):
        page = answer(scan(dict(data)))
        found += [json.dumps(item, sort_keys=True) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        data["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        between()
    raise AssertionError("a Scan that never ends")


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(paged_scan, "ITEMS", 8)
    return paged_scan.paged(SCAN, vars(dynamodb))


@given(
    items=st.integers(0, 60),
    sort=st.booleans(),
    segments=st.integers(1, 4),
    limit=st.none() | st.integers(1, 20),
    filtered=st.booleans(),
)
def test_it_gives_the_items_of_the_original_in_its_order(
    items: int, sort: bool, segments: int, limit: int | None, filtered: bool
) -> None:
    make_table("ttt", sort, items)
    scan = paged_scan.paged(SCAN, vars(dynamodb))
    request: dict[str, Any] = {"TableName": "ttt"}
    if limit:
        request["Limit"] = limit
    if filtered:
        request |= {"FilterExpression": "n > :n", "ExpressionAttributeValues": {":n": {"N": "10"}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paged_scan, "ITEMS", 8)
        for segment in range(segments):
            part = request | {"Segment": segment, "TotalSegments": segments}
            assert read(scan, **part) == read(SCAN, **part)


def test_what_was_there_when_a_scan_began_is_read_once_though_others_write_and_delete(scan: Any) -> None:
    make_table("ttt", True, 60)
    before = read(SCAN, TableName="ttt")
    new = iter(range(100, 1_000))
    found = read(scan, lambda: put("ttt", next(new), True), TableName="ttt")
    assert len(found) == len(set(found))
    assert set(before) <= set(found)


def test_a_page_of_which_every_item_is_deleted_does_not_end_the_scan(scan: Any) -> None:
    make_table("ttt", False, 30)
    gone = [f"p{n}" for n in range(30)][10:]

    def delete() -> None:
        for pk in gone:
            answer(dynamodb._delete_item({"TableName": "ttt", "Key": {"pk": {"S": pk}}}))
        gone.clear()

    kept = {json.dumps({"S": f"p{n}"}) for n in range(10)}
    found = {json.dumps(json.loads(item)["pk"]) for item in read(scan, delete, TableName="ttt")}
    assert kept <= found


def test_errors_are_the_originals(scan: Any) -> None:
    make_table("ttt", True, 3)
    for request in (
        {"TableName": "none"},
        {"TableName": "ttt", "Segment": 1},
        {"TableName": "ttt", "ExclusiveStartKey": {"x": {"S": "1"}}},
        {"TableName": "ttt", "ExclusiveStartKey": {"pk": {"S": "1"}}},
    ):
        status, _, body = scan(dict(request))
        assert (status, body) == (SCAN(dict(request))[0], SCAN(dict(request))[2])
        assert status == 400
