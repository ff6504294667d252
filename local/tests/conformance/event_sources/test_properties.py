"""What holds for any stream, any rules and any way of failing: nothing skipped, order kept, attempts bounded."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from local.event_sources.lane import AGE_EXCEEDED, RETRIES_EXHAUSTED
from local.event_sources.model import Rules
from local.event_sources.response import Failed, FailedAt, NotInvoked, Outcome, Succeeded
from local.kinesis_reader import Record
from local.tests.conformance.event_sources.simulation import START, Function, Run, drive, numbers, records

RULES = st.builds(
    Rules,
    batch_size=st.integers(1, 12),
    window_seconds=st.sampled_from([0.0, 1.0, 5.0]),
    max_retries=st.integers(0, 4),
    max_age_seconds=st.sampled_from([None, 60.0, 600.0]),
    bisect=st.booleans(),
    partial_response=st.booleans(),
    parallelization=st.integers(1, 4),
)
STREAMS = st.builds(records, st.integers(1, 60), keys=st.integers(1, 9), every=st.sampled_from([0.0, 0.5]))


def moody(seed: int, trouble: float) -> Function:
    """A function that does each of the things a function can do."""
    random = Random(seed)

    def function(batch: tuple[Record, ...], now: float) -> Outcome:
        if random.random() > trouble:
            return Succeeded()
        outcome = random.choice([Failed("raised", "Unhandled"), NotInvoked("throttled"), FailedAt])
        if outcome is FailedAt:
            index = random.randrange(len(batch))
            return FailedAt(index) if index else Failed("the first record failed")
        assert isinstance(outcome, Failed | NotInvoked)
        return outcome

    return function


MOODS = st.builds(moody, st.integers(0, 2**32), st.sampled_from([0.0, 0.2, 0.6, 0.95]))


@given(STREAMS, RULES, MOODS, st.integers(1, 30))
@settings(max_examples=300, deadline=None)
def test_every_record_succeeds_or_is_given_up_for_a_documented_reason(
    stream: list[Record], rules: Rules, function: Function, read_size: int
) -> None:
    run = drive(stream, rules, function, read_size=read_size)
    assert sorted([*run.succeeded, *run.given_up]) == list(range(len(stream)))
    assert run.checkpoints == sorted(set(run.checkpoints))
    assert run.checkpoints[-1] == len(stream) - 1
    for discard in run.discarded:
        if discard.condition == RETRIES_EXHAUSTED:
            assert discard.invocations > (rules.max_retries or 0)
        else:
            assert discard.condition == AGE_EXCEEDED
            assert rules.max_age_seconds is not None


@given(STREAMS, RULES, MOODS)
@settings(max_examples=300, deadline=None)
def test_the_same_batch_fails_no_more_often_than_its_retries_allow(
    stream: list[Record], rules: Rules, function: Function
) -> None:
    run = drive(stream, rules, function)
    assert all(times <= (rules.max_retries or 0) + 1 for times in run.failures.values())
    assert all(1 <= len(batch) <= rules.batch_size for batch in run.invoked)


@given(STREAMS, RULES, MOODS)
@settings(max_examples=300, deadline=None)
def test_the_records_of_a_partition_key_are_done_in_order(
    stream: list[Record], rules: Rules, function: Function
) -> None:
    seen: dict[str, int] = {}

    def watched(batch: tuple[Record, ...], now: float) -> Outcome:
        for record, n in zip(batch, numbers(batch), strict=True):
            assert seen.get(record.partition_key, -1) < n, "invoked again after a later record of its key was done"
        outcome = function(batch, now)
        for record in _done(batch, outcome):
            seen[record.partition_key] = int(record.sequence_number) - 1
        return outcome

    drive(stream, rules, watched)


@given(STREAMS, RULES, MOODS, st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_a_kill_at_any_moment_loses_nothing(stream: list[Record], rules: Rules, function: Function, steps: int) -> None:
    def killed(run: Run) -> bool:
        return len(run.invoked) + len(run.discarded) >= steps

    before = drive(stream, rules, function, stop_when=killed)
    checkpoint = before.checkpoints[-1] if before.checkpoints else -1
    after = drive(stream, rules, function, start_after=checkpoint)
    done = {*before.succeeded, *before.given_up, *after.succeeded, *after.given_up}
    assert done == set(range(len(stream)))
    assert min([*after.succeeded, *after.given_up], default=len(stream)) > checkpoint


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=6), RULES, st.booleans())
@settings(max_examples=300, deadline=None)
def test_with_bisecting_exactly_the_poison_is_given_up(
    count: int, poison: set[int], rules: Rules, partial: bool
) -> None:
    def function(batch: tuple[Record, ...], now: float) -> Outcome:
        bad = [index for index, n in enumerate(numbers(batch)) if n in poison]
        if not bad:
            return Succeeded()
        return FailedAt(bad[0]) if partial and bad[0] else Failed("poison")

    endless = Rules(
        batch_size=rules.batch_size, max_retries=rules.max_retries, bisect=True, parallelization=rules.parallelization
    )
    run = drive(records(count, keys=7), endless, function)
    assert sorted(run.given_up) == sorted(n for n in poison if n < count)
    assert {discard.condition for discard in run.discarded} <= {RETRIES_EXHAUSTED}


@given(STREAMS, RULES, st.sampled_from([60.0, 90.0]))
@settings(max_examples=200, deadline=None)
def test_what_is_given_up_for_its_age_is_too_old_and_nothing_too_old_is_invoked(
    stream: list[Record], rules: Rules, age: float
) -> None:
    limited = Rules(batch_size=rules.batch_size, max_age_seconds=age, parallelization=rules.parallelization)

    def function(batch: tuple[Record, ...], now: float) -> Outcome:
        assert all(record.arrived_at >= now - age for record in batch)
        return NotInvoked("throttled") if now < START + 75 else Succeeded()

    run = drive(stream, limited, function)
    assert {discard.condition for discard in run.discarded} <= {AGE_EXCEEDED}
    if age == 90.0:
        assert run.discarded == []


def _done(batch: Sequence[Record], outcome: Outcome) -> Sequence[Record]:
    if isinstance(outcome, Succeeded):
        return batch
    return batch[: outcome.index] if isinstance(outcome, FailedAt) else ()
