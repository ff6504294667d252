"""A schedule that CloudFormation made is due after a restart, and one with a creation time keeps its time."""

from __future__ import annotations

import inspect
from typing import Any

from local.schedules import LONG_AGO, due_at_once


def test_a_rule_of_a_kept_state_without_a_time_is_an_old_one() -> None:
    rules: list[dict[str, Any]] = []
    state = [{"Name": "merge"}, {"Name": "by hand", "CreationTime": 1_795_000_000.0}]
    due_at_once(rules.extend, lambda: rules)(state)
    assert rules == [{"Name": "merge", "CreationTime": LONG_AGO}, {"Name": "by hand", "CreationTime": 1_795_000_000.0}]


def test_ministack_still_notes_no_time_of_a_rule_that_cloudformation_makes_and_still_reads_one() -> None:
    from ministack.services import eventbridge
    from ministack.services.cloudformation import provisioners

    assert "CreationTime" not in inspect.getsource(provisioners._eb_rule_create), "schedules.py is not needed any more"
    assert "CreationTime" in inspect.getsource(eventbridge._tick_scheduled_rules), "schedules.py has no effect any more"
