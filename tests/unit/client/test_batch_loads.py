"""The client's reading of the table of loads: what somebody changed counts as not there, and ends no command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from client.aws import Stage
from client.batch.loads import Loads
from tests.unit.client.batch_runs import create_loads

URL, ETAG = "s3://raw/transactions/a.csv", "e1"


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        made = boto3.client("dynamodb", region_name="us-east-1")
        create_loads(made)
        monkeypatch.setattr(Stage, "client", lambda *_: made)
        monkeypatch.setattr(Stage, "output", lambda *_: "loads")
        for key, item in {
            f"{URL}#{ETAG}": {"run_id": {"S": "r1"}},
            "run#r1": {"status": {"S": "loaded"}, "rows": {"N": "5"}},
        }.items():
            made.put_item(TableName="loads", Item={"load": {"S": key}} | item)
        yield made


def test_a_run_that_has_loaded_an_object_is_found_with_its_counts(dynamodb: Any) -> None:
    found = Loads(Stage("local")).loaded(URL, ETAG)
    assert (found["run_id"], found["status"], found["rows"]) == ("r1", "loaded", 5)


@pytest.mark.parametrize("value", [{"N": "7.5"}, {"M": {}}, {"BOOL": True}])
def test_what_somebody_changed_counts_as_not_there(dynamodb: Any, value: dict[str, Any]) -> None:
    loads = Loads(Stage("local"))
    dynamodb.put_item(TableName="loads", Item={"load": {"S": "run#r1"}, "status": {"S": "loaded"}, "rows": value})
    assert "rows" not in loads.run("r1")
    assert loads.loaded(URL, ETAG)["run_id"] == "r1"
    dynamodb.put_item(TableName="loads", Item={"load": {"S": f"{URL}#{ETAG}"}, "run_id": value})
    assert loads.run_of(URL, ETAG) is None
    assert loads.loaded(URL, ETAG) == {}
