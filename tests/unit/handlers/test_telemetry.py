"""What every function's wrapper guarantees: no payload in the log whatever is set, and a failure leaves a line."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter

from shared import telemetry
from tests.unit.fakes.events import Context
from tests.unit.handlers.output import emitted, logged
from tests.unit.test_trace import HEADER

Output = Callable[[], str]


def test_events_are_not_logged_even_if_powertools_is_configured_to(
    output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
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


class Daemon:
    """Lambda's X-Ray daemon: takes segments by UDP."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def segment(self) -> dict[str, Any]:
        _header, _, body = self._socket.recv(65_536).partition(b"\n")
        return json.loads(body)

    def close(self) -> None:
        self._socket.close()


def test_a_sink_adds_a_segment_to_the_trace_that_a_record_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = Daemon()
    monkeypatch.setattr(telemetry, "_TRACE_DISABLED", False)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "swipeline-test-write-to-s3")
    emitter = UDPEmitter(daemon.address)
    monkeypatch.setattr(xray_recorder, "_emitter", emitter)
    begin = datetime(2026, 11, 24, 12, tzinfo=UTC)
    telemetry.continue_trace(HEADER, begin, begin + timedelta(seconds=3), batch_id="b1")
    segment = daemon.segment()
    daemon.close()
    assert segment["trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"
    assert segment["parent_id"] == "53995c3f42cd8ad8"
    assert segment["name"] == "swipeline-test-write-to-s3"
    assert (segment["start_time"], segment["end_time"]) == (begin.timestamp(), begin.timestamp() + 3)
    assert segment["annotations"] == {"batch_id": "b1"}


def test_only_a_sampled_trace_has_a_header_to_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_TRACE_DISABLED", False)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER + ";Lineage=1:2")
    assert telemetry.trace_header() == HEADER
    monkeypatch.setenv("_X_AMZN_TRACE_ID", HEADER.replace("Sampled=1", "Sampled=0"))
    assert telemetry.trace_header() is None
    monkeypatch.delenv("_X_AMZN_TRACE_ID")
    assert telemetry.trace_header() is None
