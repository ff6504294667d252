"""A selection of the game days, and that each day's repair is in the runbook; `make gamedays` runs all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.console.runbook import entry
from tests.e2e.conftest import stack
from tests.e2e.stack import Stack
from tests.gamedays.day import Day
from tests.gamedays.days import DAYS
from tests.gamedays.rounds import run_round
from tests.gamedays.world import World

__all__ = ["stack"]  # the fixture


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    assert len(DAYS) >= 25
    assert len({day.name for day in DAYS}) == len(DAYS)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_the_repair_of_a_day_is_in_the_runbook_as_it_is_written(day: Day) -> None:
    text = " ".join((entry(day.entry) or "").split())
    assert text, f"docs/runbook.md has no entry {day.entry}"
    assert [command for command in day.repair if command not in text] == []


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.alone
def test_disabled_mappings_are_seen_stay_seen_and_are_cured_by_the_runbook(stack: Stack, tmp_path: Path) -> None:
    world = World(stack, tmp_path)
    with world.with_console():
        outcomes = run_round(world, [day for day in DAYS if day.round == 2], 7, print)
    assert [one.as_json() for one in outcomes if not one.passed] == []
