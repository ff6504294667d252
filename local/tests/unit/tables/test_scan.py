"""A Scan in pages, while others write and delete."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from local.tables import scan
from local.tests.unit.tables.modules import ask, create, stored


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(scan, "ITEMS", 8)
    module = stored(tmp_path / "tables.sqlite")
    create(module, "ttt", sort="s", indexes=False)
    for number in range(60):
        put(module, number)
    yield module
    module.database.close()


def put(module: ModuleType, number: int) -> None:
    # More sort keys than partition keys, so that pages end within a partition.
    item = {"p": {"S": f"p{number % 7}"}, "s": {"S": f"s{number}"}, "n": {"N": str(number)}}
    assert ask(module, "put_item", TableName="ttt", Item=item)[0] == 200


def read(module: ModuleType, between: Callable[[], None] = lambda: None, **request: Any) -> list[str]:
    found: list[str] = []
    for _ in range(1_000):
        status, page = ask(module, "scan", TableName="ttt", **request)
        assert status == 200
        found += [json.dumps(item, sort_keys=True) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return found
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        between()
    raise AssertionError("a Scan that never ends")


def test_what_was_there_when_a_scan_began_is_read_once_though_others_write(module: ModuleType) -> None:
    before, new = read(module), iter(range(100, 1_000))
    assert len(before) == 60
    found = read(module, lambda: put(module, next(new)))
    assert len(found) == len(set(found))
    assert set(before) <= set(found)


def test_a_page_of_which_every_item_is_deleted_does_not_end_the_scan(module: ModuleType) -> None:
    gone = [{"p": {"S": f"p{n % 7}"}, "s": {"S": f"s{n}"}} for n in range(60) if n % 7 in (1, 2, 3)]

    def delete() -> None:
        while gone:
            ask(module, "delete_item", TableName="ttt", Key=gone.pop())

    kept = {json.dumps(json.loads(item)["n"]) for item in read(module) if json.loads(item)["p"]["S"] not in "p1p2p3"}
    found = {json.dumps(json.loads(item)["n"]) for item in read(module, delete)}
    assert kept <= found


def test_the_segments_of_a_scan_are_the_whole_table_and_share_nothing(module: ModuleType) -> None:
    parts = [read(module, Segment=segment, TotalSegments=3) for segment in range(3)]
    assert sorted(item for part in parts for item in part) == sorted(read(module))


@pytest.mark.parametrize("request_", [{"Segment": 1}, {"ExclusiveStartKey": {"x": {"S": "1"}}}, {"Limit": 0}])
def test_a_request_that_is_wrong_is_refused(module: ModuleType, request_: dict[str, Any]) -> None:
    status, answer = ask(module, "scan", TableName="ttt", **request_)
    assert status == 400
    assert answer["__type"].endswith("ValidationException")
