"""What every function's wrapper guarantees: no payload in the log whatever is set, and a failure leaves a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared import telemetry
from tests.unit.fakes.events import Context
from tests.unit.handlers.output import emitted, logged

Output = Callable[[], str]


def test_events_are_not_logged_even_if_powertools_is_told_to(output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")

    def function(event: dict[str, Any], _context: Any) -> str:
        telemetry.metrics.add_metric(name="Received", unit="Count", value=1)
        return event["name"]

    assert telemetry.observed(function)({"name": "Nora Testman"}, Context()) == "Nora Testman"
    written = output()
    assert "Nora" not in written
    assert emitted(written)["function_name"] == "swipeline-test-function"


def test_a_failure_is_logged_by_kind_and_raised(output: Output) -> None:
    def function(_event: dict[str, Any], _context: Any) -> None:
        raise ValueError("Nora Testman")

    with pytest.raises(ValueError, match="Nora"):
        telemetry.observed(function)({}, Context())
    written = output()
    assert logged(written, "failed")["error"] == "ValueError"
    assert "Nora" not in "".join(line for line in written.splitlines() if line.startswith("{"))
