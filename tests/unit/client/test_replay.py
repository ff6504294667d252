"""`swipeline replay` over moto's S3, with a warehouse in memory: what is loaded, once, and resuming after a stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from client.errors import ClientError
from client.replay.journal import ReplayJournal
from client.replay.plan import Days, LakeObject, lake_objects, manifest, parts, read_days
from client.replay.run import replay
from tests.unit.client.operator_world import Killed, OperatorWorld
from tests.unit.fakes.rows import transaction

TODAY = date(2026, 11, 24)
DAY = read_days("2026-11-23", "2026-11-24", TODAY)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[OperatorWorld]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield OperatorWorld()


def archive(world: OperatorWorld, objects: int, day: str = "2026-11-23", first: int = 0) -> None:
    for number in range(first, first + objects):
        world.archive(day, number, [transaction(10 * number + i) for i in range(10)])


def test_a_replay_fills_an_empty_warehouse_with_all_that_arrived_on_the_days(world: OperatorWorld) -> None:
    archive(world, 7)
    archive(world, 1, "2026-11-22", first=50)
    archive(world, 1, "2026-11-24", first=60)
    done = replay(world.stage, DAY, part_objects=3)
    assert (done.parts, done.objects, done.before, done.after) == (3, 7, 0, 70)
    assert set(world.warehouse.core) == {f"{n:032x}" for n in range(70)}
    assert world.warehouse.staging == []


def test_a_second_replay_changes_nothing(world: OperatorWorld) -> None:
    archive(world, 4)
    replay(world.stage, DAY)
    again = replay(world.stage, DAY)
    assert (again.before, again.after, again.resumed) == (40, 40, False)


def test_copies_in_the_lake_are_merged_once(world: OperatorWorld) -> None:
    archive(world, 2)
    world.archive("2026-11-23", 99, [transaction(i) for i in range(15)])
    assert replay(world.stage, DAY).after == 20


@pytest.mark.parametrize("kill_at", [1, 2, 3, 4])
def test_a_replay_that_was_killed_continues_where_it_was_and_is_complete(world: OperatorWorld, kill_at: int) -> None:
    archive(world, 8)

    def kill() -> None:
        if len(world.warehouse.copies) == kill_at:
            raise Killed

    world.warehouse.after_copy = kill
    with pytest.raises(Killed):
        replay(world.stage, DAY, part_objects=2)
    world.warehouse.after_copy = lambda: None
    reported: list[str] = []
    done = replay(world.stage, DAY, resume=True, report=reported.append, part_objects=2)
    assert (done.resumed, done.skipped, done.after) == (True, kill_at - 1, 80)
    assert len(world.warehouse.copies) == 4 + 1  # the part that was under way, again
    assert reported[-1] == "4 of 4 parts, 100 %"


def test_a_killed_plan_is_no_plan(world: OperatorWorld) -> None:
    """Manifests without a plan are not resumed: some of them may be missing."""
    world.put("delivery", f"replays/{DAY.name}/20261124T000000Z/part-00001.manifest", b"{}")
    archive(world, 1)
    assert ReplayJournal(world.stage).unfinished(DAY) is None
    assert replay(world.stage, DAY, resume=True).after == 10


def test_without_resume_a_replay_restarts_and_says_so(world: OperatorWorld) -> None:
    archive(world, 4)
    world.warehouse.refuse = "ERROR: disk full"
    with pytest.raises(ClientError, match=r"disk full.*--resume"):
        replay(world.stage, DAY)
    world.warehouse.refuse = ""
    reported: list[str] = []
    assert not replay(world.stage, DAY, report=reported.append).resumed
    assert "Starting over" in reported[0]


def test_an_object_that_vanished_fails_the_part_instead_of_being_left_out(world: OperatorWorld) -> None:
    archive(world, 2)
    ReplayJournal(world.stage).begin(DAY, parts(lake_objects(world.stage, DAY)), datetime(2026, 11, 24, tzinfo=UTC))
    world.s3.delete_object(Bucket="lake", Key=world.keys("lake")[0])
    with pytest.raises(ClientError, match="does not exist"):
        replay(world.stage, DAY, resume=True)
    assert world.warehouse.core == {}


def test_days_without_anything_are_an_error_not_a_success(world: OperatorWorld) -> None:
    with pytest.raises(ClientError, match="Nothing arrived in the lake from 2026-11-23 until 2026-11-24"):
        replay(world.stage, DAY)


def test_the_days_are_those_from_the_first_to_the_one_before_the_last() -> None:
    assert [str(day) for day in read_days("2026-10-31", "2026-11-02", TODAY)] == ["2026-10-31", "2026-11-01"]
    assert list(read_days("2026-11-24", None, TODAY)) == [TODAY]


@pytest.mark.parametrize(("first", "end"), [("24.11.2026", None), ("2026-11-24", "2026-11-24"), ("2026-11-25", None)])
def test_days_that_cannot_be_are_refused(first: str, end: str | None) -> None:
    with pytest.raises(ClientError):
        read_days(first, end, TODAY)


def test_a_manifest_is_made_from_the_template_and_every_object_must_be_there() -> None:
    body = json.loads(manifest("lake", ["transactions/ingest_date=2026-11-24/a.ndjson.gz", "b"]))
    urls = ["s3://lake/transactions/ingest_date=2026-11-24/a.ndjson.gz", "s3://lake/b"]
    assert body == {"entries": [{"url": url, "mandatory": True} for url in urls]}


def test_a_key_that_could_break_out_of_the_manifest_is_refused() -> None:
    with pytest.raises(ValueError, match="plain name"):
        manifest("lake", ['a"}, {"url": "s3://elsewhere/b'])


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 60), st.integers(1, 10))
def test_parts_hold_every_object_once_in_order_and_within_the_limits(sizes: list[int], most: int, count: int) -> None:
    objects = [LakeObject(str(i), size) for i, size in enumerate(sizes)]
    cut = list(parts(objects, most, count))
    assert [one for part in cut for one in part] == objects
    assert all(1 <= len(part) <= count for part in cut)
    assert all(len(part) == 1 or sum(o.size for o in part) <= most for part in cut)


def test_the_window_names_the_run() -> None:
    assert Days(date(2026, 11, 1), date(2026, 11, 3)).name == "2026-11-01_2026-11-03"
