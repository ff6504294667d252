"""Checkpoints survive the process, and go with their mapping."""

from __future__ import annotations

from pathlib import Path

from local.event_sources.checkpoints import Checkpoints, ShardState
from local.kinesis_reader import AFTER, TRIM_HORIZON, Position


def test_a_checkpoint_is_there_for_the_next_process(tmp_path: Path) -> None:
    before = Checkpoints(tmp_path / "c.sqlite")
    before.add("m", "s", Position(TRIM_HORIZON))
    before.advance("m", "s", "42")
    # Not closed, as after a kill.
    assert Checkpoints(tmp_path / "c.sqlite").shards("m") == {"s": ShardState(Position(AFTER, "42"), False)}


def test_a_shard_that_is_known_keeps_its_place(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c.sqlite")
    checkpoints.add("m", "s", Position(TRIM_HORIZON))
    checkpoints.advance("m", "s", "42")
    checkpoints.add("m", "s", Position(TRIM_HORIZON))
    assert checkpoints.shards("m")["s"].position == Position(AFTER, "42")


def test_a_finished_shard_stays_finished(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c.sqlite")
    checkpoints.add("m", "s", Position(TRIM_HORIZON))
    checkpoints.finish("m", "s")
    assert checkpoints.shards("m")["s"].finished


def test_the_checkpoints_of_a_deleted_mapping_are_forgotten(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c.sqlite")
    for mapping in ("old", "new"):
        checkpoints.report_mapping(mapping, "f", "Running")
        checkpoints.add(mapping, "s", Position(TRIM_HORIZON))
    checkpoints.keep_only(["new"])
    assert checkpoints.shards("old") == {}
    assert checkpoints.shards("new") != {}
