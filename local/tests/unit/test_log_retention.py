"""Log events leave the embedded AWS when their time is over, and when a group holds too many."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloudwatch import log_retention
from local.cloudwatch.log_retention import MILLISECONDS_A_DAY, tidy


def stream(last: int, events: int = 1) -> dict[str, Any]:
    return {"lastEventTimestamp": last, "events": [{"timestamp": last}] * events}


def test_what_is_older_than_the_retention_goes_and_a_group_without_one_keeps_all() -> None:
    now = 10 * MILLISECONDS_A_DAY
    old, new = stream(now - 2 * MILLISECONDS_A_DAY), stream(now - 1000)
    groups = {
        "a": {"retentionInDays": 1, "streams": {"old": old, "new": new}},
        "b": {"retentionInDays": None, "streams": {"old": old}},
    }
    assert tidy(groups, now) == 1
    assert {name: list(group["streams"]) for name, group in groups.items()} == {"a": ["new"], "b": ["old"]}


def test_the_oldest_go_when_a_group_holds_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_retention, "MOST_EVENTS_A_GROUP", 5)
    group = {"retentionInDays": None, "streams": {str(i): stream(i, 2) for i in range(4)}}
    assert tidy({"a": group}, 10) == 2
    assert sorted(group["streams"]) == ["2", "3"]
