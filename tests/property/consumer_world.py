"""A stream, the functions that consume it, and everything that can go wrong between: all real but AWS itself.

The handlers, the event source mapping's state machine (`local/event_sources`) and the adapters of `shared/` are the
ones that run; stores, clock and the function's fate are made up, by a plan that Hypothesis draws.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from handlers import write_to_dynamodb, write_to_s3
from local.event_sources.event import build_event
from local.event_sources.model import Rules
from local.event_sources.response import Failed, NotInvoked, Outcome, interpret
from local.kinesis_reader import Record
from local.tests.conformance.event_sources.simulation import START, Run, drive
from shared.sinks.bucket import Bucket
from shared.sinks.item import to_item
from shared.sinks.table import Table
from shared.transaction.codec import encode_line
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.dynamodb import FakeTable
from tests.unit.fakes.events import SHARD, Context
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.rows import transaction
from tests.unit.fakes.s3 import FakeS3

TRANSACTIONS = [transaction(number) for number in range(24)]
STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/swipeline-test-transactions"
ROLE_ARN = "arn:aws:iam::123456789012:role/swipeline-test-consumer"

_VALUES = json.loads(encode_line(TRANSACTIONS[0]))
# What the warehouse refuses too: nearly all of it cannot be copied.
UNREADABLE = (
    b"",
    b"not json",
    b"\xff\xfe\x00\x01",
    b"\x00\x00\x00",
    b"null",
    b"{}",
    b"[1]",
    b"[" * 2000,
    b"[" * 500 + b"]" * 500,
    encode_line(TRANSACTIONS[1])[:-9],  # cut off
    json.dumps([0, *_VALUES[1:]]).encode(),  # a version that nobody ever writes; the merge leaves it out
)
# What only the codec refuses: COPY takes the values that its paths name and ignores the rest.
WRONG_SCHEMA = (
    json.dumps(_VALUES[:-1]).encode(),  # a field too few
    json.dumps([*_VALUES, None]).encode(),  # a field too many
    json.dumps([*_VALUES[:1], 7, *_VALUES[2:]]).encode(),  # an id that is no text
)


class MadeRecord(NamedTuple):
    """A record before it is one: a line is the number of a transaction, or the bytes of a bad line."""

    partition_key: str
    lines: tuple[int | bytes, ...]
    ends_in_newline: bool = True

    @property
    def data(self) -> bytes:
        """With a good line in it, the record has our writer's form; else it is a stranger's, and may end anyhow."""
        text = b"\n".join(
            line if isinstance(line, bytes) else encode_line(TRANSACTIONS[line])[:-1] for line in self.lines
        )
        if any(isinstance(line, int) for line in self.lines) or not self.lines[0]:
            return b"\n" + text + b"\n"
        return text + b"\n" if self.ends_in_newline or not self.lines[-1] else text


class Fate(Enum):
    """What happens to an invocation apart from its function."""

    NORMAL = "it is carried out, and its answer arrives"
    NOT_INVOKED = "Lambda throttles it: no attempt is used"
    DIED_BEFORE = "the worker dies before it has done anything"
    DIED_AFTER = "the worker dies when all is done, before it answers"
    ANSWER_LOST = "all is done, and the connection breaks"


def made_streams(poison: Sequence[bytes]) -> st.SearchStrategy[list[MadeRecord]]:
    """Streams of records of good lines, some of them more than once, and bad ones."""
    lines = st.integers(0, len(TRANSACTIONS) - 1) | st.sampled_from(poison)
    keys = st.sampled_from(["00", "07", "13", "31"])
    records = st.builds(MadeRecord, keys, st.lists(lines, min_size=1, max_size=5).map(tuple), st.booleans())
    return st.lists(records, min_size=1, max_size=12)


streams = made_streams(UNREADABLE + WRONG_SCHEMA)
_kinds = st.sampled_from([Kind.NONE, Kind.PART, Kind.THROTTLED, Kind.BROKEN, Kind.TIMED_OUT, Kind.LOST_ANSWER])
store_faults = st.lists(st.builds(Fault, _kinds, st.integers(0, 2**16 - 1)), max_size=16)
fates = st.lists(st.sampled_from(Fate), max_size=8)
patient_rules = st.builds(
    Rules,
    batch_size=st.integers(1, 8),
    max_retries=st.none(),
    bisect=st.booleans(),
    partial_response=st.just(True),
    parallelization=st.integers(1, 3),
)
kills = st.lists(st.integers(1, 6), max_size=3)


@dataclass
class World:
    """The stores, and the functions on them. `fates` is of the next invocations, one each; after them none fails."""

    faults: list[Fault] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    budget_seconds: float = 60.0

    def __post_init__(self) -> None:
        self.table = FakeTable(list(self.faults))
        self.s3 = FakeS3([fault for fault in self.faults if fault.kind is not Kind.PART])  # a put is whole or nothing

    def write_to_dynamodb(self, batch: tuple[Record, ...], now: float) -> Outcome:
        """The function as a mapping invokes it."""
        return self._invoke(write_to_dynamodb.handler, batch)

    def write_to_s3(self, batch: tuple[Record, ...], now: float) -> Outcome:
        """The function as a mapping invokes it."""
        return self._invoke(write_to_s3.handler, batch)

    @property
    def items(self) -> list[dict[str, Any]]:
        """The table's items."""
        return list(self.table.items.values())

    @property
    def archived(self) -> list[dict[str, Any]]:
        """Every line of every object of the lake."""
        bodies = [self.s3.objects["lake", key]["Body"] for key in self.s3.keys("lake")]
        return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]

    @property
    def quarantine(self) -> list[tuple[int, int, bytes]]:
        """Every object of the quarantine: number of the record, number of the line, original bytes."""
        kept = [json.loads(self.s3.objects["quarantine", key]["Body"]) for key in self.s3.keys("quarantine")]
        return sorted((int(one["sequence_number"]) - 1, one["line"], base64.b64decode(one["data"])) for one in kept)

    def _invoke(self, handler: Any, batch: tuple[Record, ...]) -> Outcome:
        fate = self.fates.pop(0) if self.fates else Fate.NORMAL
        if fate is Fate.NOT_INVOKED:
            return NotInvoked("throttled by plan")
        if fate is Fate.DIED_BEFORE:
            return Failed("died by plan", function_error="Unhandled")
        event = json.loads(build_event(batch, SHARD, STREAM_ARN, ROLE_ARN))
        with self._wired():
            answer = handler(event, Context())
        if fate is Fate.DIED_AFTER:
            return Failed("died by plan", function_error="Unhandled")
        if fate is Fate.ANSWER_LOST:
            return NotInvoked("reset by plan")
        return interpret(json.dumps(answer).encode(), batch, partial_response=True)

    @contextmanager
    def _wired(self) -> Iterator[None]:
        clock = FakeClock()
        with pytest.MonkeyPatch.context() as patch:
            # One thread, so that a plan of faults gives the same run each time.
            patch.setattr("shared.sinks.bucket.THREADS", 1)
            patch.setattr(write_to_dynamodb, "table", lambda: Table(self.table, "transactions", threads=1))
            patch.setattr(write_to_dynamodb, "Budget", lambda seconds: clock.budget(min(seconds, self.budget_seconds)))
            patch.setattr(write_to_s3, "buckets", lambda: (Bucket(self.s3, "lake"), Bucket(self.s3, "quarantine")))
            yield


def on_the_stream(made: Sequence[MadeRecord]) -> list[Record]:
    """The records as Kinesis holds them; the sequence numbers count from 1."""
    return [Record(f"{n + 1:056d}", one.partition_key, one.data, START) for n, one in enumerate(made)]


def consume(stream: list[Record], rules: Rules, function: Any, killed_after: Sequence[int] = ()) -> list[Run]:
    """Drive a mapping to its end; it is killed after a number of invocations, and continues from its checkpoint."""
    runs: list[Run] = []
    checkpoint = -1
    for steps in [*killed_after, None]:

        def stop(run: Run, steps: int | None = steps) -> bool:
            return steps is not None and len(run.invoked) + run.refused + len(run.discarded) >= steps

        runs.append(drive(stream, rules, function, start_after=checkpoint, stop_when=stop))
        checkpoint = runs[-1].checkpoints[-1] if runs[-1].checkpoints else -1
    return runs


def valid_items(made: Sequence[MadeRecord]) -> list[dict[str, Any]]:
    """What the table must hold: an item for each valid transaction."""
    return [to_item(TRANSACTIONS[number]) for number in sorted(valid(made))]


def valid(made: Sequence[MadeRecord]) -> set[int]:
    """The valid transactions of a stream, by number."""
    return {line for one in made for line in one.lines if isinstance(line, int)}


def invalid(made: Sequence[MadeRecord]) -> list[tuple[int, int, bytes]]:
    """The bad lines of a stream: number of the record, number of the line, bytes."""
    return [
        (record, number, line)
        for record, one in enumerate(made)
        for number, line in enumerate(one.lines)
        if isinstance(line, bytes)
    ]
