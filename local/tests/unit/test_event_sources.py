"""Mappings, shards and their workers over an AWS in memory: reshards, starting positions, changes while running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.event_sources.checkpoints import Checkpoints
from local.event_sources.metrics import MappingMetrics
from local.event_sources.service import EventSources
from local.event_sources.worker import Services
from local.tests.conformance.emulator import wait_until
from local.tests.unit.fake_aws import FUNCTION, STREAM, FakeClients, FakeKinesis, FakeLambda

Start = Callable[[], EventSources]


@pytest.fixture
def kinesis() -> FakeKinesis:
    return FakeKinesis()


@pytest.fixture
def function() -> FakeLambda:
    return FakeLambda(
        {
            "UUID": "u",
            "EventSourceArn": STREAM,
            "FunctionArn": FUNCTION,
            "StartingPosition": "TRIM_HORIZON",
            "State": "Enabled",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
    )


@pytest.fixture
def clients(kinesis: FakeKinesis, function: FakeLambda) -> FakeClients:
    return FakeClients(kinesis, function)


@pytest.fixture
def start(tmp_path: Path, clients: FakeClients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr("local.event_sources.service.LOOK_AT_SHARDS_EVERY_SECONDS", 0.0)
    started: list[EventSources] = []

    def make() -> EventSources:
        checkpoints = Checkpoints(tmp_path / "checkpoints.sqlite")
        started.append(EventSources(Services(clients, checkpoints, MappingMetrics(clients))))
        started[-1].tick()
        return started[-1]

    yield make
    for sources in started:
        sources.stop(5)


def seen(sources: EventSources, function: FakeLambda, count: int) -> list[str]:
    """What the function has seen once it has seen so much."""

    def enough() -> bool:
        sources.tick()
        return len(function.seen) >= count

    wait_until(enough, f"{count} records are seen")
    return function.seen


def test_trim_horizon_starts_with_the_oldest_record(start: Start, kinesis: FakeKinesis, function: FakeLambda) -> None:
    kinesis.put("before")
    sources = start()
    assert seen(sources, function, 1) == ["before"]


def test_latest_starts_when_the_mapping_is_first_seen(start: Start, kinesis: FakeKinesis, function: FakeLambda) -> None:
    kinesis.put("before")
    function.mapping["StartingPosition"] = "LATEST"
    sources = start()
    kinesis.put("after")
    assert seen(sources, function, 1) == ["after"]


def test_latest_does_not_move_when_the_poller_is_restarted(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    function.mapping["StartingPosition"] = "LATEST"
    start().stop(5)
    kinesis.put("in between")
    sources = start()
    assert seen(sources, function, 1) == ["in between"]


def test_a_restarted_poller_continues_behind_its_checkpoint(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    kinesis.put("a")
    sources = start()
    seen(sources, function, 1)
    sources.stop(5)
    kinesis.put("b")
    assert seen(start(), function, 2) == ["a", "b"]


def test_the_children_of_a_split_wait_for_their_parent(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    for n in range(10):
        kinesis.put(f"parent-{n}")
    kinesis.split("shard-0", "shard-1", "shard-2")
    for n in range(10):
        kinesis.put(f"child-{n}", shard=f"shard-{1 + n % 2}")
    result = seen(start(), function, 20)
    assert result[:10] == [f"parent-{n}" for n in range(10)]
    assert sorted(result[10:]) == [f"child-{n}" for n in range(10)]


def test_a_split_while_running_loses_nothing_with_latest_too(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    function.mapping["StartingPosition"] = "LATEST"
    sources = start()
    kinesis.put("parent")
    kinesis.split("shard-0", "shard-1")
    kinesis.put("child", shard="shard-1")
    assert seen(sources, function, 2) == ["parent", "child"]


def test_a_merged_shard_waits_for_both_parents(start: Start, kinesis: FakeKinesis, function: FakeLambda) -> None:
    kinesis.split("shard-0", "shard-1", "shard-2")
    kinesis.put("left", shard="shard-1")
    kinesis.put("right", shard="shard-2")
    kinesis.split("shard-1", "shard-3")
    kinesis.split("shard-2", "shard-3")
    kinesis.shards["shard-3"].parents = ["shard-1", "shard-2"]
    kinesis.put("merged", shard="shard-3")
    assert seen(start(), function, 3)[-1] == "merged"


def test_a_shard_that_is_gone_does_not_stop_the_others(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    sources = start()
    kinesis.split("shard-0", "shard-1")
    del kinesis.shards["shard-0"]
    kinesis.put("child", shard="shard-1")
    assert seen(sources, function, 1) == ["child"]


def test_a_changed_mapping_is_taken_over_at_run_time(start: Start, kinesis: FakeKinesis, function: FakeLambda) -> None:
    sources = start()
    kinesis.put("a")
    seen(sources, function, 1)
    function.mapping["BatchSize"] = 1

    def taken_over() -> bool:
        sources.tick()
        runner = sources._runners.get("u")
        return runner is not None and runner.mapping.rules.batch_size == 1

    wait_until(taken_over, "it is taken over")
    for data in "bcd":
        kinesis.put(data)
    assert seen(sources, function, 4) == ["a", "b", "c", "d"]
    assert function.invocations == [["a"], ["b"], ["c"], ["d"]]


def test_a_deleted_mapping_is_no_longer_driven_and_forgotten(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    sources = start()
    kinesis.put("a")
    seen(sources, function, 1)
    function.mapping.clear()
    sources.tick()
    assert sources._runners == {}
    assert sources._services.checkpoints.shards("u") == {}


def test_a_role_that_may_not_read_is_waited_for(start: Start, kinesis: FakeKinesis, function: FakeLambda) -> None:
    kinesis.denied = True
    kinesis.put("a")
    sources = start()
    sources.tick()
    assert sources._runners["u"].state[0] == "Waiting"
    kinesis.denied = False
    assert seen(sources, function, 1) == ["a"]


def test_a_partial_failure_is_retried_from_the_record_that_failed(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    numbers = [kinesis.put(data) for data in "abc"]
    answers: Iterator[Any] = iter([{"batchItemFailures": [{"itemIdentifier": numbers[1]}]}])
    function.function = lambda data: next(answers, None)
    assert seen(start(), function, 5) == ["a", "b", "c", "b", "c"]


def test_the_age_of_what_is_processed_is_a_metric(
    start: Start, kinesis: FakeKinesis, function: FakeLambda, clients: FakeClients
) -> None:
    kinesis.put("a")
    sources = start()
    seen(sources, function, 1)

    def found() -> dict[str, Any]:
        sources.tick()
        return {metric["MetricName"]: metric for metric in clients.metrics}

    wait_until(lambda: {"IteratorAge", "PolledEventCount", "InvokedEventCount"} <= found().keys(), "all are sent")
    age = found()["IteratorAge"]
    polled = max(
        (metric for metric in clients.metrics if metric["MetricName"] == "PolledEventCount"),
        key=lambda metric: float(metric["StatisticValues"]["Sum"]),
    )
    assert (age["Unit"], age["Dimensions"]) == ("Milliseconds", [{"Name": "FunctionName", "Value": "f"}])
    assert age["StatisticValues"]["SampleCount"] == 1
    assert (polled["StatisticValues"]["Sum"], polled["Dimensions"]) == (
        1,
        [{"Name": "EventSourceMappingUUID", "Value": "u"}],
    )


def test_an_empty_poll_counts_as_zero_so_that_a_mapping_that_polls_nothing_differs_from_one_that_does_not_poll(
    start: Start, clients: FakeClients
) -> None:
    sources = start()

    def polled() -> list[dict[str, Any]]:
        sources.tick()
        return [metric for metric in clients.metrics if metric["MetricName"] == "PolledEventCount"]

    wait_until(polled, "the poll is counted")
    assert polled()[0]["StatisticValues"]["Sum"] == 0


def test_a_mapping_that_is_disabled_reads_nothing_until_it_is_enabled(
    start: Start, kinesis: FakeKinesis, function: FakeLambda
) -> None:
    kinesis.put("a")
    function.mapping["State"] = "Disabled"
    sources = start()
    sources.tick()
    assert function.seen == []
    function.mapping["State"] = "Enabled"
    assert seen(sources, function, 1) == ["a"]
