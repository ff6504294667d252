"""Merging by event: an event that is lost, doubled or cut short by a kill loses no row and brings none twice.

docs/decisions/0043-merge-by-event.md
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.warehouse import Own, own
from shared.transaction.schema import Transaction
from tests.property.merge_world import SCHEDULED, Kill, Stage
from tests.unit.fakes.rows import transaction

STEPS = ("look-at-loads", "merge-warehouse", "watch-marts", "refresh-marts", "describe", "result", "see-again")
KILLS: list[Kill] = [(step, carried_out) for step in STEPS for carried_out in (False, True)]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with own(tmp_path_factory.mktemp("merge")) as opened:
        opened.migrate()
        yield opened


def rows(first: int, count: int = 3) -> list[Transaction]:
    return [transaction(number) for number in range(first, first + count)]


def whole(stage: Stage, expected: list[Transaction]) -> None:
    """Every row is in core and in the marts, once, and nothing is left in staging or in the queue."""
    ids = sorted({row.transaction_id for row in expected})
    assert stage.ids("core.transaction") == ids
    assert stage.ids("mart.purchase") == ids
    assert stage.ids("staging.transaction") == []
    assert stage.messages == {}


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: f"{'after' if kill[1] else 'before'} {kill[0]}")
def test_a_run_that_is_killed_between_receive_and_delete_is_made_up_for_by_its_message(
    warehouse: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: Kill
) -> None:
    stage = Stage(warehouse, tmp_path, monkeypatch)
    stage.deliver(rows(0))
    killed = stage.run(kill=kill)
    assert killed or kill[0] == "see-again", "a whole run gives no message back"
    stage.drain()
    whole(stage, rows(0))


@pytest.mark.parametrize("kill", [None, ("merge-warehouse", False), ("merge-warehouse", True)])
def test_the_next_event_merges_what_a_lost_one_left(
    warehouse: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: Kill | None
) -> None:
    stage = Stage(warehouse, tmp_path, monkeypatch)
    stage.deliver(rows(0), events=0)
    assert stage.ids("core.transaction") == []
    stage.deliver(rows(3))
    stage.run(kill=kill)
    stage.drain()
    whole(stage, rows(0, 6))


def test_without_another_event_the_daily_run_does(
    warehouse: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(warehouse, tmp_path, monkeypatch)
    stage.deliver(rows(0), events=0)
    assert stage.run(SCHEDULED, kill=("merge-warehouse", False))
    stage.run(SCHEDULED)  # Lambda repeats a run that was lost
    whole(stage, rows(0))


# A delivery of some rows with a number of events, or a run that may be killed.
ACTIONS = st.one_of(
    st.tuples(st.integers(0, 8), st.integers(0, 2)), st.tuples(st.just("run"), st.sampled_from([None, *KILLS]))
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTIONS, min_size=1, max_size=6))
def test_whatever_is_lost_doubled_or_killed_each_row_is_merged_once(
    warehouse: Own,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    actions: list[tuple[int, int] | tuple[str, Kill | None]],
) -> None:
    stage = Stage(warehouse, tmp_path, monkeypatch)
    delivered: list[Transaction] = []
    for what, how in actions:
        if isinstance(what, int) and isinstance(how, int):
            stage.deliver(rows(what), events=how)  # rows of several deliveries are the same ones
            delivered += rows(what)
        elif stage.messages and not isinstance(how, int):
            stage.run(kill=how)
    stage.run(SCHEDULED)
    stage.drain()
    whole(stage, delivered)
