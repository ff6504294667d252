"""measure-fraud on moto, after detect-fraud: the day's drift against the model's training, the verdicts' precision."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from fraud.drift import DRIFTED, SCORE
from fraud.features import FEATURES
from fraud.model import load
from fraud.serving import measure as measuring
from tests.unit.fakes.events import Context, kinesis_event, on_stream
from tests.unit.fakes.faults import client_error
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.shapes import obeys
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import json_lines, logged
from tests.unit.handlers.test_detect_fraud import EVENT, NIGHT

Load = Callable[[str], ModuleType]
Output = Callable[[], str]


@pytest.fixture
def day(stage: Stage, function: Load) -> str:
    """The day on which a batch of 40 arrived and was scored."""
    assert function("detect_fraud").handler(EVENT, Context()) == {"batchItemFailures": []}
    (item,) = stage.dynamodb.scan(TableName="drift")["Items"]
    return str(item["day"]["S"])


def values(written: str, name: str) -> list[Any]:
    return [line[name] for line in json_lines(written) if "_aws" in line and name in line]


def test_every_scored_row_is_counted_once_in_each_variable(stage: Stage, day: str, function: Load) -> None:
    assert function("detect_fraud").handler(EVENT, Context()) == {"batchItemFailures": []}  # delivered again
    counts = function("measure_fraud").measure()._drift.read(load(), day).counts
    assert set(counts) == {*FEATURES, SCORE}
    assert {sum(bins) for bins in counts.values()} == {40}
    (item,) = stage.dynamodb.scan(TableName="drift")["Items"]
    assert int(item["expires_at"]["N"]) > 0


def test_drift_is_published_by_feature_and_the_largest_for_the_alarm(
    day: str, function: Load, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "LEAST_ROWS", 40)
    output()
    answer = function("measure_fraud").handler({"day": day}, Context())
    written = output()
    assert answer["rows"] == 40
    # Forty purchases of one merchant's category are not what the model was trained on.
    assert answer["drift"]["category"] > DRIFTED
    features = {line["feature"]: line["DriftIndex"] for line in json_lines(written) if "DriftIndex" in line}
    assert set(features) == {*FEATURES, SCORE}
    (largest,) = values(written, "DriftLargest")
    assert largest == [max(index[0] for index in features.values())]
    assert (values(written, "DriftRows"), values(written, "AlertsReviewed")) == ([[40]], [[0]])
    assert logged(written, "fraud detection measured")["measured"]["day"] == day


def test_too_few_rows_publish_no_index(day: str, function: Load, output: Output) -> None:
    output()
    assert function("measure_fraud").handler({"day": day}, Context())["drift"] == {}
    assert values(output(), "DriftLargest") == []


def test_the_precision_is_that_of_the_last_verdicts_once_there_are_enough(
    stage: Stage, day: str, function: Load, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one, finding in zip(NIGHT, ("fraud", "fraud", "genuine", None), strict=True):
        if finding:
            stage.dynamodb.update_item(
                TableName="alerts",
                Key={"transaction_id": {"S": one.transaction_id}},
                UpdateExpression="SET #status = :finding",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":finding": {"S": finding}},
            )
    output()
    module = function("measure_fraud")
    answer = module.handler({"day": day}, Context())
    assert [answer["reviewed"][name] for name in ("alerts", "reviewed", "fraud")] == [4, 3, 2]
    assert values(output(), "VerdictPrecision") == []
    monkeypatch.setattr(measuring, "LEAST_REVIEWED", 3)
    module.handler({"day": day}, Context())
    assert values(output(), "VerdictPrecision") == [[2 / 3]]


def test_another_models_rows_are_not_compared_with_this_ones_training(day: str, function: Load, stage: Stage) -> None:
    (item,) = stage.dynamodb.scan(TableName="drift")["Items"]
    stage.dynamodb.put_item(TableName="drift", Item=item | {"part": {"S": "another#shard"}})
    assert function("measure_fraud").handler({"day": day}, Context())["rows"] == 40


def test_without_an_event_it_is_yesterday_and_a_day_without_rows_is_no_error(stage: Stage, function: Load) -> None:
    assert function("measure_fraud").handler({}, Context())["rows"] == 0
    with pytest.raises(ValueError, match="someday"):
        function("measure_fraud").handler({"day": "someday"}, Context())


def test_a_batch_is_scored_though_the_counts_cannot_be_kept(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = function("detect_fraud")

    @obeys("dynamodb")
    class Away:
        def update_item(self, **_: Any) -> None:
            raise client_error("UpdateItem", "RequestLimitExceeded", 400)

    monkeypatch.setattr(module.detector()._drift, "_client", Away())
    assert module.handler(EVENT, Context()) == {"batchItemFailures": []}
    assert stage.dynamodb.scan(TableName="profiles")["Count"] == 37
    assert stage.dynamodb.scan(TableName="drift")["Count"] == 0


def test_counts_of_several_batches_and_shards_make_one_day(stage: Stage, function: Load) -> None:
    handler = function("detect_fraud").handler
    for start in (0, 20):
        handler(kinesis_event(on_stream([transaction(n) for n in range(start, start + 20)])), Context())
    day = stage.dynamodb.scan(TableName="drift")["Items"][0]["day"]["S"]
    together = function("measure_fraud").measure()._drift.read(load(), day)
    assert sum(together.counts[SCORE]) == 40
