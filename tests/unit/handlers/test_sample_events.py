"""The sample events are what the code of today makes, and every function takes its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.events.make import HERE, all_events
from tests.unit.fakes.events import Context
from tests.unit.handlers.conftest import Stage

Load = Callable[[str], ModuleType]


def sample(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(all_events()))
def test_a_sample_event_is_not_stale(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == all_events()[name], "run: python -m tests.events.make"


def test_there_is_no_sample_that_nothing_makes() -> None:
    assert {path.name for path in HERE.glob("*.json")} == set(all_events())


def test_the_sample_request_has_two_good_rows_and_a_bad_one(stage: Stage, function: Load) -> None:
    response = function("write_to_kinesis").handler(sample("write-to-kinesis"), Context())
    answer = json.loads(response["body"])
    assert response["statusCode"] == 207
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert [(error["index"], error["field"]) for error in answer["errors"]] == [(2, "amt")]


@pytest.mark.parametrize("name", ["write-to-dynamodb", "write-to-s3", "detect-fraud"])
def test_the_consumers_store_their_samples(stage: Stage, function: Load, name: str) -> None:
    handler = function(name.replace("-", "_")).handler
    assert handler(sample(name), Context()) == {"batchItemFailures": []}
    if name == "write-to-dynamodb":
        assert stage.dynamodb.scan(TableName="transactions")["Count"] == 2
    elif name == "detect-fraud":
        assert stage.dynamodb.scan(TableName="profiles")["Count"] == 2
    else:
        assert stage.s3.list_objects_v2(Bucket="lake")["KeyCount"] == 1
        assert stage.s3.list_objects_v2(Bucket="quarantine")["KeyCount"] == 0


def test_the_sample_delivery_is_let_through_as_it_is(function: Load, stage: Stage) -> None:
    event = sample("check-delivery")
    answer = function("check_delivery").handler(event, Context())
    assert answer["records"] == [
        {"recordId": one["recordId"], "result": "Ok", "data": one["data"]} for one in event["records"]
    ]
    assert stage.s3.list_objects_v2(Bucket="quarantine")["KeyCount"] == 0


def test_the_sample_query_finds_what_the_sample_of_write_to_dynamodb_wrote(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READER_API_KEY_ID", "sample-reader")
    function("write_to_dynamodb").handler(sample("write-to-dynamodb"), Context())
    answer = function("query_transactions").handler(sample("query-transactions"), Context())
    assert len(json.loads(answer["body"])["transactions"]) == 1


def test_the_days_measure_needs_nothing_of_its_event(stage: Stage, function: Load) -> None:
    assert function("measure_fraud").handler(sample("measure-fraud"), Context())["rows"] == 0
