"""Event source mappings as Lambda's API shows them, and queues that wait while the embedded AWS starts and stops."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local import mappings
from local.event_sources.checkpoints import Checkpoints
from local.whole import Whole

STREAM, QUEUE = "arn:aws:kinesis:us-east-1:0:stream/s", "arn:aws:sqs:us-east-1:0:q"


def installed(path: Path, whole: bool = True) -> Any:
    lambda_svc = SimpleNamespace(
        _esm_response=lambda esm: dict(esm), _poll_sqs=lambda: True, _poll_kinesis=lambda: True
    )
    mappings.install(lambda_svc, path, lambda: whole)
    return lambda_svc


def test_a_stream_s_mapping_shows_the_last_result_of_its_batches(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    esm = {"UUID": "u", "EventSourceArn": STREAM, "LastProcessingResult": "No records processed"}
    answered = installed(path)._esm_response
    assert answered(esm)["LastProcessingResult"] == "No records processed"
    checkpoints = Checkpoints(path)
    checkpoints.report_mapping("u", "f", "Running")
    assert answered(esm)["LastProcessingResult"] == "No records processed"
    checkpoints.report_result("u", "PROBLEM: Function call failed")
    assert answered(esm)["LastProcessingResult"] == "PROBLEM: Function call failed"
    assert answered(esm | {"EventSourceArn": QUEUE})["LastProcessingResult"] == "No records processed"


def test_a_result_outlives_a_change_of_the_mapping_s_state(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "c.sqlite")
    checkpoints.report_mapping("u", "f", "Running")
    checkpoints.report_result("u", "OK")
    checkpoints.report_mapping("u", "f", "Waiting", "no stream")
    esm = {"UUID": "u", "EventSourceArn": STREAM}
    assert installed(tmp_path / "c.sqlite")._esm_response(esm)["LastProcessingResult"] == "OK"


def test_the_emulator_s_own_poller_leaves_streams_alone_and_polls_queues_only_when_all_is_there(tmp_path: Path) -> None:
    assert not installed(tmp_path / "c.sqlite")._poll_kinesis()
    assert installed(tmp_path / "c.sqlite")._poll_sqs()
    assert not installed(tmp_path / "c.sqlite", whole=False)._poll_sqs()


def test_queues_wait_for_the_warehouse_at_the_start_and_at_the_end_but_not_in_an_outage(tmp_path: Path) -> None:
    state, there = tmp_path / "supervisor.json", False
    whole = Whole(state, lambda: there)
    state.write_text(json.dumps({"stopping": False}))
    assert not whole(), "the warehouse is still starting"
    there = True
    assert whole()
    there = False
    assert whole(), "an outage is for the function to meet"
    state.write_text(json.dumps({"stopping": True}))
    assert not whole(), "everything is being stopped"


def test_an_emulator_without_a_supervisor_polls_its_queues(tmp_path: Path) -> None:
    assert Whole(tmp_path / "none.json", lambda: False)()
