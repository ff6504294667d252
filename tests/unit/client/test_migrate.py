"""`swipeline migrate`: started once, followed to its end, whatever that is."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError as AwsError

from client.errors import ClientError
from client.migrate.run import QUIET_SECONDS, migrate
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.shapes import obeys


@obeys("lambda")
@obeys("s3")
class FakeStage:
    """A stage whose function reports its progress, one object at a time."""

    name = "dev"

    def __init__(self, *reported: dict[str, Any] | None) -> None:
        self.reported, self.invoked = list(reported), []

    def client(self, service: str) -> FakeStage:
        return self

    def output(self, name: str) -> str:
        assert name == "DeliveryBucket"
        return "delivery"

    def invoke(self, **parameters: Any) -> dict[str, Any]:
        self.invoked.append(parameters)
        return {"StatusCode": 202}

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        (call,) = self.invoked
        assert (Bucket, Key) == ("delivery", f"migrations/{json.loads(call['Payload'])['run']}.json")
        found = self.reported.pop(0) if len(self.reported) > 1 else self.reported[0]
        if found is None:
            raise AwsError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(found).encode())}


def run(stage: FakeStage) -> tuple[dict[str, Any], list[str]]:
    clock, reported = FakeClock(), []
    return migrate(stage, reported.append, clock, clock.sleep), reported  # type: ignore[arg-type]


def test_each_step_is_reported_once_and_the_result_is_the_functions() -> None:
    stage = FakeStage(
        None,
        {"state": "running", "steps": ["a"]},
        {"state": "running", "steps": ["a", "b"]},
        {"state": "done", "steps": ["a", "b", "c"], "result": {"migrations": ["0002_b"], "marts": 3}},
    )
    assert run(stage) == ({"migrations": ["0002_b"], "marts": 3}, ["a", "b", "c"])
    (call,) = stage.invoked
    assert (call["FunctionName"], call["InvocationType"]) == ("swipeline-dev-migrate-warehouse", "Event")


def test_the_functions_words_are_reported_when_it_fails() -> None:
    with pytest.raises(ClientError, match="Not migrated: relation x does not exist"):
        run(FakeStage({"state": "failed", "steps": ["a"], "error": "relation x does not exist"}))


def test_a_function_that_is_not_heard_of_any_more_is_not_waited_for_forever_nor_started_again() -> None:
    stage = FakeStage({"state": "running", "steps": ["a"]})
    with pytest.raises(ClientError, match="Run the same command again"):
        run(stage)
    assert len(stage.invoked) == 1
    assert QUIET_SECONDS > 300  # the function's time-out
