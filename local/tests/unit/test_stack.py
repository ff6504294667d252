"""Starting the embedded AWS after one that was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local import stack
from local.processes import PROCESSES
from local.settings import Settings
from local.supervisor import state_file

RESTARTED = {"pid": 2**22 + 1, "processes": [{"name": p.name, "restarts": 2, "last_exit": -9} for p in PROCESSES]}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Processes that are healthy at the second look."""
    looks = iter([False] * len(PROCESSES) + [True] * len(PROCESSES))
    monkeypatch.setattr(stack, "is_healthy", lambda *_: next(looks))
    monkeypatch.setattr(stack, "check_ports", lambda _: None)
    made = Settings(tmp_path, 45_670)
    monkeypatch.setattr(stack.Settings, "from_environment", classmethod(lambda _: made))
    made.run.mkdir(parents=True)
    return made


def test_restarts_that_a_killed_supervisor_reported_are_not_held_against_the_new_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_file(settings).write_text(json.dumps(RESTARTED))
    monkeypatch.setattr(stack.subprocess, "Popen", lambda *_, **__: None)
    stack._start(settings)
    assert not state_file(settings).exists()


def test_a_process_that_ends_again_and_again_is_named_with_its_exit_code(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: Any, **__: Any) -> None:
        state_file(settings).write_text(json.dumps(RESTARTED))

    monkeypatch.setattr(stack.subprocess, "Popen", started)
    with pytest.raises(stack.StackError, match=r"ends again and again \(exit code -9\)"):
        stack._start(settings)
