"""For any stream, any batches, any failures, kills and replays: a store ends as the set of valid transactions."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from client.reconcile.records import of_line
from local.event_sources.model import Rules
from local.event_sources.response import Succeeded
from local.kinesis_reader import Record
from local.tests.conformance.event_sources.simulation import START
from shared.sinks.item import content_of, key_of
from shared.transaction.codec import encode_line
from shared.transaction.content import counting, digest
from shared.transaction.schema import Transaction
from tests.property.consumer_world import (
    TRANSACTIONS,
    Fate,
    MadeRecord,
    World,
    consume,
    fates,
    invalid,
    kills,
    on_the_stream,
    patient_rules,
    store_faults,
    streams,
    valid,
    valid_items,
)
from tests.unit.fakes.faults import Fault

worlds = st.builds(World, store_faults, fates, st.sampled_from([0.2, 1.0, 60.0]))


@settings(max_examples=150)
@given(streams, patient_rules, worlds, kills)
def test_the_table_ends_as_the_set_of_valid_transactions(
    made: list[MadeRecord], rules: Rules, world: World, killed_after: list[int]
) -> None:
    consume(on_the_stream(made), rules, world.write_to_dynamodb, killed_after)
    assert sorted(world.items, key=lambda item: item["transaction_id"]["S"]) == valid_items(made)


@settings(max_examples=150)
@given(streams, patient_rules, worlds, kills)
def test_the_lake_ends_as_the_set_of_valid_transactions_and_each_bad_line_is_in_quarantine_once(
    made: list[MadeRecord], rules: Rules, world: World, killed_after: list[int]
) -> None:
    consume(on_the_stream(made), rules, world.write_to_s3, killed_after)
    distinct = {line["transaction_id"]: line for line in world.archived}
    assert set(distinct) == {TRANSACTIONS[number].transaction_id for number in valid(made)}
    assert all(distinct[line["transaction_id"]] == line for line in world.archived), "copies that differ"
    assert world.quarantine == invalid(made)


@settings(max_examples=100)
@given(streams, patient_rules, patient_rules, st.integers(-1, 11))
def test_a_replay_from_anywhere_in_any_other_cut_changes_nothing(
    made: list[MadeRecord], rules: Rules, other_rules: Rules, start: int
) -> None:
    world, stream = World(), on_the_stream(made)
    consume(stream, rules, world.write_to_dynamodb)
    consume(stream, rules, world.write_to_s3)
    items, quarantine = dict(world.table.items), world.quarantine
    ids = {line["transaction_id"] for line in world.archived}
    replayed = stream[min(start + 1, len(stream) - 1) :]
    for function in (world.write_to_dynamodb, world.write_to_s3):
        for first in range(0, len(replayed), other_rules.batch_size):
            assert function(tuple(replayed[first : first + other_rules.batch_size]), 0.0) == Succeeded()
    assert (dict(world.table.items), world.quarantine) == (items, quarantine)
    assert {line["transaction_id"] for line in world.archived} == ids


_ONE = TRANSACTIONS[0]
_CONTENTS = [
    _ONE,
    _ONE._replace(is_fraud=None),
    _ONE._replace(is_fraud=True),
    _ONE._replace(amount=Decimal("0.01")),
    _ONE._replace(job="Another"),
    _ONE._replace(occurred_at="2020-06-20T12:00:00.250Z"),  # another key of the table
    _ONE._replace(amount=Decimal("9.99"), corrected_at="2026-11-30T12:00:00.250Z", corrected_by="operations"),
    _ONE._replace(amount=Decimal("8.88"), corrected_at="2026-11-30T12:00:00.750Z", corrected_by="operations"),
    TRANSACTIONS[1],
]


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(_CONTENTS), min_size=1, max_size=4), min_size=1, max_size=8),
    patient_rules,
    worlds,
    kills,
)
def test_of_several_contents_of_one_key_the_table_ends_with_the_one_that_counts_and_the_lake_with_all(
    made: list[list[Transaction]], rules: Rules, world: World, killed_after: list[int]
) -> None:
    stream = [Record(f"{n + 1:056d}", "00", b"".join(map(encode_line, some)), START) for n, some in enumerate(made)]
    consume(stream, rules, world.write_to_dynamodb, killed_after)
    consume(stream, rules, world.write_to_s3, killed_after)
    sent = {one for some in made for one in some}
    by_key: dict[tuple[str, str], set[Transaction]] = {}
    for one in sent:
        by_key.setdefault(key_of(one), set()).add(one)
    stored = [content_of(item) for item in world.items]
    assert {key_of(one): one for one in stored} == {key: counting(contents) for key, contents in by_key.items()}
    assert len(stored) == len(by_key)
    assert {of_line(line).digest for line in world.archived} == {digest(one) for one in sent}
    assert world.quarantine == []


strict_rules = st.builds(
    Rules,
    batch_size=st.integers(1, 8),
    max_retries=st.integers(0, 2),
    bisect=st.booleans(),
    partial_response=st.just(True),
    parallelization=st.integers(1, 3),
)


@settings(max_examples=150)
@given(
    streams,
    strict_rules,
    store_faults,
    st.lists(st.sampled_from([Fate.DIED_BEFORE, Fate.DIED_AFTER, Fate.NORMAL]), max_size=40),
    st.booleans(),
)
def test_what_a_mapping_gives_up_is_at_its_destination_and_a_redrive_of_it_completes_the_store(
    made: list[MadeRecord], rules: Rules, faults: list[Fault], fate: list[Fate], archive: bool
) -> None:
    world = World(faults, fate, budget_seconds=0.2)
    function = world.write_to_s3 if archive else world.write_to_dynamodb
    (run,) = consume(on_the_stream(made), rules, function)
    given_up = [discard.records for discard in run.discarded]
    assert sorted([*run.succeeded, *run.given_up]) == list(range(len(made)))

    lost = valid(made) - valid([made[number] for number in run.given_up])
    stored = {line["transaction_id"] for line in world.archived} if archive else _ids(world)
    assert {TRANSACTIONS[number].transaction_id for number in lost} <= stored, "neither stored nor given up"

    world.fates.clear()
    world.table.plan = world.s3.plan = World().table.plan
    for records in given_up:
        assert function(records, 0.0) == Succeeded()
    expected = {TRANSACTIONS[number].transaction_id for number in valid(made)}
    assert ({line["transaction_id"] for line in world.archived} if archive else _ids(world)) == expected
    if archive:
        assert world.quarantine == invalid(made)


def _ids(world: World) -> set[str]:
    return {item["transaction_id"]["S"] for item in world.items}
