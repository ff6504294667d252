"""Retries, bisecting, partial batch responses, ageing and throttling, as Lambda's guide describes them for Kinesis."""

from __future__ import annotations

import json

import pytest

from local.event_sources.lane import AGE_EXCEEDED, RETRIES_EXHAUSTED
from local.event_sources.model import Rules
from local.event_sources.response import Failed, FailedAt, NotInvoked, Outcome, Succeeded, interpret
from local.kinesis_reader import Record
from local.retry import MOST_SECONDS, backoff
from local.tests.conformance.event_sources.simulation import (
    START,
    drive,
    numbers,
    raises_on,
    records,
    reports,
    succeeds,
)

BATCH = records(4)
IDS = [record.sequence_number for record in BATCH]


def answer(*identifiers: object) -> bytes:
    return json.dumps({"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}).encode()


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"{}", b'{"batchItemFailures": []}', b'{"batchItemFailures": null}', b'{"other": 1}']
)
def test_an_empty_answer_is_a_complete_success(payload: bytes) -> None:
    assert interpret(payload, BATCH, partial_response=True) == Succeeded()


@pytest.mark.parametrize(
    "payload",
    [
        answer(""),
        answer(None),
        answer(IDS[2], ""),
        answer("49590338271490256608559692538361571095921575989136588898"),
        b'{"batchItemFailures": [{"itemId": "1"}]}',
        b'{"batchItemFailures": ["1"]}',
        b'{"batchItemFailures": "1"}',
        b'"done"',
        b"[]",
        b"not json",
    ],
)
def test_an_answer_that_names_no_record_of_the_batch_is_a_complete_failure(payload: bytes) -> None:
    assert isinstance(interpret(payload, BATCH, partial_response=True), Failed)


def test_the_lowest_of_several_sequence_numbers_is_the_checkpoint() -> None:
    assert interpret(answer(IDS[3], IDS[1], IDS[2]), BATCH, partial_response=True) == FailedAt(1)


def test_a_failure_of_the_first_record_is_a_complete_failure() -> None:
    assert isinstance(interpret(answer(IDS[0]), BATCH, partial_response=True), Failed)


def test_without_report_batch_item_failures_the_answer_is_not_looked_at() -> None:
    assert interpret(answer(IDS[1]), BATCH, partial_response=False) == Succeeded()


def test_a_failed_batch_is_retried_as_often_as_allowed_then_given_up_and_the_next_continues() -> None:
    run = drive(records(6), Rules(batch_size=3, max_retries=2), raises_on({1}))
    assert run.invoked == [[0, 1, 2], [0, 1, 2], [0, 1, 2], [3, 4, 5]]
    (discard,) = run.discarded
    assert (numbers(discard.records), discard.condition, discard.invocations) == ([0, 1, 2], RETRIES_EXHAUSTED, 3)
    assert run.succeeded == [3, 4, 5]
    assert run.checkpoints == [2, 5]


def test_without_retries_a_batch_is_invoked_once() -> None:
    run = drive(records(2), Rules(max_retries=0), raises_on({0}))
    assert run.invoked == [[0, 1]]
    assert run.given_up == [0, 1]


def test_without_a_limit_a_batch_is_retried_until_it_succeeds() -> None:
    run = drive(records(1), Rules(), lambda batch, now: succeeds(batch, now) if now > START + 3600 else Failed())
    assert run.given_up == []
    assert run.succeeded == [0]


def test_a_partial_failure_moves_the_checkpoint_to_just_before_the_lowest_failed_record() -> None:
    run = drive(records(10), Rules(batch_size=10, max_retries=3, partial_response=True), _once(FailedAt(4)))
    assert run.invoked == [list(range(10)), list(range(4, 10))]
    assert run.checkpoints == [3, 9]


def test_a_record_that_keeps_failing_is_given_up_with_what_follows_it_when_bisecting_is_off() -> None:
    run = drive(records(6), Rules(batch_size=6, max_retries=2, partial_response=True), reports({3}))
    assert run.invoked == [[0, 1, 2, 3, 4, 5], [3, 4, 5], [3, 4, 5]]
    assert run.given_up == [3, 4, 5]


@pytest.mark.parametrize("function", [raises_on, reports])
@pytest.mark.parametrize("poison", [{0}, {7}, {15}, {3, 4}, {0, 15}])
def test_bisecting_isolates_the_bad_records_whatever_the_way_of_failing(function: object, poison: set[int]) -> None:
    run = drive(records(16), Rules(batch_size=16, max_retries=2, bisect=True, partial_response=True), function(poison))  # type: ignore[operator]
    assert sorted(run.given_up) == sorted(poison)
    assert sorted(set(run.succeeded)) == sorted(set(range(16)) - poison)
    assert all(len(discard.records) == 1 for discard in run.discarded)


def test_splitting_a_batch_uses_no_retry() -> None:
    run = drive(records(8), Rules(batch_size=8, max_retries=1, bisect=True), raises_on({5}))
    assert run.invoked.count([5]) == 2
    assert run.given_up == [5]
    assert sorted(run.succeeded) == [0, 1, 2, 3, 4, 6, 7]


def test_halves_are_processed_in_order() -> None:
    run = drive(records(8), Rules(batch_size=8, max_retries=0, bisect=True), raises_on({5}))
    assert run.succeeded == sorted(run.succeeded)


def test_a_partial_failure_with_bisecting_splits_at_the_returned_sequence_number() -> None:
    run = drive(records(8), Rules(batch_size=8, max_retries=0, bisect=True, partial_response=True), _once(FailedAt(5)))
    assert run.invoked == [list(range(8)), [5, 6, 7]]
    assert run.given_up == []


def test_a_throttled_function_is_retried_without_using_an_attempt() -> None:
    calls = iter([NotInvoked()] * 40)
    run = drive(records(1), Rules(max_retries=0), lambda batch, now: next(calls, Succeeded()))
    assert run.refused == 40
    assert run.succeeded == [0]


def test_a_record_that_is_too_old_is_given_up_before_it_is_invoked() -> None:
    stream = [record._replace(arrived_at=START - (120 if n < 2 else 0)) for n, record in enumerate(records(4))]
    run = drive(stream, Rules(max_age_seconds=60), succeeds)
    (discard,) = run.discarded
    assert (numbers(discard.records), discard.condition, discard.invocations) == ([0, 1], AGE_EXCEEDED, 0)
    assert run.succeeded == [2, 3]


def test_retries_end_when_the_records_are_too_old() -> None:
    run = drive(records(3, every=10), Rules(max_age_seconds=60), raises_on({0, 1, 2}))
    assert run.given_up == [0, 1, 2]
    assert {discard.condition for discard in run.discarded} == {AGE_EXCEEDED}
    assert [len(discard.records) for discard in run.discarded] == [1, 1, 1]


def test_throttling_ends_when_the_records_are_too_old() -> None:
    run = drive(records(2), Rules(max_age_seconds=60), lambda batch, now: NotInvoked("throttled"))
    assert run.given_up == [0, 1]
    assert run.discarded[0].invocations == 0


def test_a_bad_key_holds_up_its_own_lane_only() -> None:
    rules = Rules(batch_size=1, parallelization=10, max_age_seconds=600)
    run = drive(records(300, keys=30), rules, lambda b, now: Failed() if b[0].partition_key == "key-3" else Succeeded())
    assert {n for n in run.given_up if n % 30 == 3} == set(range(3, 300, 30))
    # Keys that share the lane wait with it; nine lanes of ten continue.
    assert len(run.succeeded) > 200


def test_the_pause_between_tries_is_bounded() -> None:
    assert [backoff(times) for times in (1, 2, 3)] == [0.1, 0.2, 0.4]
    assert backoff(10_000) == MOST_SECONDS


def _once(outcome: Outcome):  # type: ignore[no-untyped-def]
    outcomes = iter([outcome])

    def function(batch: tuple[Record, ...], now: float) -> Outcome:
        return next(outcomes, Succeeded())

    return function
