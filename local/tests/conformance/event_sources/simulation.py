"""Drives a shard's state with a function of the test's own and a clock that jumps: what a worker does, without AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local.event_sources.lane import Discard, Invoke
from local.event_sources.model import Rules
from local.event_sources.response import Failed, FailedAt, NotInvoked, Outcome, Succeeded
from local.event_sources.shard import Shard
from local.kinesis_reader import Record

START = 1_000_000.0
Function = Callable[[tuple[Record, ...], float], Outcome]


def records(count: int, keys: int = 1, size: int = 10, every: float = 0.0) -> list[Record]:
    """Records in shard order; the partition keys take turns, one arrives each `every` seconds."""
    return [Record(f"{n + 1:056d}", f"key-{n % keys}", b"x" * size, START + n * every) for n in range(count)]


def numbers(batch: Sequence[Record]) -> list[int]:
    """The records as small numbers, from 0."""
    return [int(record.sequence_number) - 1 for record in batch]


@dataclass
class Run:
    """What happened."""

    invoked: list[list[int]] = field(default_factory=list)
    refused: int = 0
    succeeded: list[int] = field(default_factory=list)
    discarded: list[Discard] = field(default_factory=list)
    failures: dict[tuple[int, ...], int] = field(default_factory=dict)
    checkpoints: list[int] = field(default_factory=list)

    @property
    def given_up(self) -> list[int]:
        return [n for discard in self.discarded for n in numbers(discard.records)]


def drive(
    stream: Sequence[Record],
    rules: Rules,
    function: Function,
    size_of: Callable[[Record], int] = lambda record: len(record.data),
    room: int = 6_000_000,
    read_size: int = 10_000,
    start_after: int = -1,
    stop_when: Callable[[Run], bool] = lambda run: False,
) -> Run:
    """Feed the stream behind record `start_after` and do all actions until all is done or `stop_when` says so."""
    shard = Shard(rules, size_of, room)
    run = Run(checkpoints=[start_after] if start_after >= 0 else [])
    left = list(stream[start_after + 1 :])
    now = START
    done: set[int] = set(range(start_after + 1))
    for _ in range(100_000):
        while left and shard.wants_records:
            shard.feed(left[:read_size], now)
            del left[:read_size]
        actions = shard.actions(now)
        for action in actions:
            if isinstance(action, Invoke):
                outcome = function(action.records, now)
                _note(run, done, action, outcome)
                moved = shard.report(action.lane, outcome, now)
            else:
                run.discarded.append(action)
                done.update(numbers(action.records))
                moved = shard.discarded(action.lane)
            if moved:
                run.checkpoints.append(int(shard.checkpoint or 0) - 1)
                assert set(range(run.checkpoints[-1] + 1)) <= done, "the checkpoint passed a record that is not done"
            if stop_when(run):
                return run
        if shard.drained and not left:
            return run
        if not actions:
            due = shard.due(now)
            assert due is not None, "the shard waits for nothing"
            now = max(now + 0.001, due)
    raise AssertionError("no end")


def _note(run: Run, done: set[int], action: Invoke, outcome: Outcome) -> None:
    batch = numbers(action.records)
    if isinstance(outcome, NotInvoked):
        run.refused += 1
        return
    run.invoked.append(batch)
    finished = (
        batch if isinstance(outcome, Succeeded) else batch[: outcome.index] if isinstance(outcome, FailedAt) else []
    )
    run.succeeded += finished
    done.update(finished)
    if not isinstance(outcome, Succeeded):
        run.failures[tuple(batch)] = run.failures.get(tuple(batch), 0) + 1


def succeeds(batch: tuple[Record, ...], now: float) -> Outcome:
    """A function that never fails."""
    return Succeeded()


def raises_on(poison: set[int]) -> Function:
    """A function that raises when one of these records is in the batch."""
    return lambda batch, now: Failed(function_error="Unhandled") if poison & set(numbers(batch)) else Succeeded()


def reports(poison: set[int]) -> Function:
    """A function that reports the first of these records as a partial batch failure, as Powertools' processor does."""

    def function(batch: tuple[Record, ...], now: float) -> Outcome:
        bad = [index for index, n in enumerate(numbers(batch)) if n in poison]
        return Succeeded() if not bad else FailedAt(bad[0]) if bad[0] else Failed("the first record failed")

    return function
