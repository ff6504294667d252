"""`send` against an API that fails: what is tried again, what is not sent twice, and how it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.files.row import Row
from client.send.api import Api, Endpoint, batch_budget
from client.send.batch import Batch
from client.send.journal import Journal
from client.send.run import Summary
from shared.retry import Budget
from tests.unit.client.conftest import HEADER, FakeStage, line
from tests.unit.client.fake_api import API_KEY, FakeApi, Fault, serve
from tests.unit.client.test_retry import Clock

Send = Callable[..., Summary]
MakeFile = Callable[..., Path]


def batch(count: int, start: int = 0) -> Batch:
    """Rows as a CSV reader gives them."""
    import csv

    lines = csv.reader([line(i) for i in range(start, start + count)])
    return Batch(HEADER.split(","), [Row(start + i, i + 2, list(cells), None) for i, cells in enumerate(lines)])


def client(api: FakeApi, clock: Clock, seconds: float = 60.0, key: str = API_KEY) -> Api:
    def budget() -> Budget:
        return batch_budget(seconds, clock.wait, clock=clock.time, uniform=lambda low, high: high)

    return Api(Endpoint(api.url, key, "local"), budget)


def first(count: int, fault: Fault) -> Callable[[int], Fault | None]:
    """The first requests fail, the others do not."""
    return lambda number: fault if number < count else None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_or_broken_api_is_asked_again_with_the_same_key(api: FakeApi, status: int) -> None:
    api.fault = first(3, Fault(status=status))
    clock, rows = Clock(), batch(5)
    assert client(api, clock).send(rows) is None
    assert len(api.stored) == 5
    assert clock.waits == pytest.approx([0.2, 0.4, 0.8])


def test_retry_after_of_a_429_is_respected(api: FakeApi) -> None:
    api.fault = first(1, Fault(status=429, headers={"Retry-After": "9"}))
    clock = Clock()
    client(api, clock).send(batch(5))
    assert clock.waits == pytest.approx([9.2])


def test_after_a_503_only_the_unstored_rows_are_sent_again(api: FakeApi) -> None:
    api.fault = first(1, Fault(unstored=lambda good: good[::3]))
    rows = batch(10)
    assert client(api, Clock()).send(rows) is None
    assert [len(sent) for _, sent in api.requests] == [10, 4]
    assert sorted(api.stored) == [f"t{i:06d}" for i in range(10)]
    assert rows.ids == [f"t{i:06d}" for i in range(10)]


def test_progress_in_small_steps_is_never_given_up(api: FakeApi) -> None:
    api.fault = lambda number: Fault(unstored=lambda good: good[1:])
    clock, rows = Clock(), batch(30)
    assert client(api, clock, seconds=2.0).send(rows) is None
    assert len(api.stored) == 30
    assert sum(clock.waits) > 2.0


def test_rows_rejected_in_a_503_are_not_sent_again(api: FakeApi) -> None:
    rows = batch(4)
    rows.rows[2].cells[4] = "-1.00"
    api.fault = first(1, Fault(unstored=lambda good: good[:1]))
    assert client(api, Clock()).send(rows) is None
    assert [len(sent) for _, sent in api.requests] == [4, 1]
    assert rows.findings[2] == [("amt", "the amount is negative")]


@pytest.mark.parametrize("lost", [Fault(reset_before=True), Fault(reset_after=True)])
def test_a_lost_connection_stores_nothing_twice(api: FakeApi, lost: Fault) -> None:
    api.fault = first(2, lost)
    rows = batch(8)
    assert client(api, Clock()).send(rows) is None
    assert sorted(api.stored) == sorted(set(api.stored)) == [f"t{i:06d}" for i in range(8)]
    assert rows.resent == (8 if lost.reset_after else 0)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Bad Gateway</html>",
        b"[]",
        b'{"transaction_ids": ["a"], "errors": []}',
        b'{"transaction_ids": [null, null, null], "errors": []}',
    ],
)
def test_an_answer_that_does_not_account_for_every_row_is_no_acknowledgment(api: FakeApi, body: bytes) -> None:
    api.fault = first(1, Fault(status=202, body=body))
    rows = batch(3)
    assert client(api, Clock()).send(rows) is None
    assert len(api.requests) == 1
    assert rows.ids == ["t000000", "t000001", "t000002"]


@pytest.mark.parametrize("status", [403, 404, 422])
def test_what_another_attempt_cannot_fix_is_not_tried_again(api: FakeApi, status: int) -> None:
    api.fault = lambda number: Fault(status=status)
    clock, rows = Clock(), batch(3)
    failure = client(api, clock).send(rows)
    assert failure is not None
    assert failure.fatal
    assert str(status) in failure.reason
    assert clock.waits == []
    assert not any(rows.acknowledged)


def test_a_wrong_api_key_says_so(api: FakeApi) -> None:
    failure = client(api, Clock(), key="wrong").send(batch(3))
    assert failure is not None
    assert "403: Forbidden (is the API key known" in failure.reason


def test_an_api_that_never_recovers_is_given_up(api: FakeApi) -> None:
    api.fault = lambda number: Fault(status=503)
    clock, rows = Clock(), batch(3)
    failure = client(api, clock, seconds=30.0).send(rows)
    assert failure is not None
    assert not failure.fatal
    assert sum(clock.waits) <= 30.0
    assert not any(rows.acknowledged)


def test_a_body_over_the_limit_is_sent_in_halves_and_a_row_over_it_is_rejected(api: FakeApi) -> None:
    rows = batch(4)
    for i in range(3):
        rows.rows[i].cells[8] = "x" * 2_000_000
    rows.rows[3].cells[8] = "x" * 6_000_000
    assert client(api, Clock()).send(rows) is None
    assert sorted(api.stored) == ["t000000", "t000001", "t000002"]
    assert "larger than the API takes" in rows.findings[3][0][1]
    assert all(len(sent) <= 2 for _, sent in api.requests)


def test_a_413_is_answered_by_smaller_requests(api: FakeApi) -> None:
    api.fault = first(2, Fault(status=413))
    rows = batch(8)
    assert client(api, Clock()).send(rows) is None
    assert [r["trans_num"] for _, sent in api.requests for r in sent] == rows.ids


def test_a_send_that_is_given_up_says_what_was_acknowledged_and_resumes(
    api: FakeApi, send: Send, make_file: MakeFile
) -> None:
    path = make_file(200)
    api.fault = lambda number: Fault(status=500) if number >= 5 else None
    stopped = send(path, batch_size=10, workers=2, retry_deadline=0.3)
    assert stopped.error is not None
    assert "500" in stopped.error
    assert stopped.accepted == 50
    with Journal.open(Path(stopped.journal)) as journal:
        assert journal.totals().accepted == 50
    api.fault = lambda number: None
    resumed = send(path, batch_size=10, resume=True)
    assert (resumed.skipped, resumed.accepted, resumed.error) == (50, 200, None)
    assert sorted(api.stored) == [f"t{i:06d}" for i in range(200)]


def test_the_rows_of_a_batch_that_was_stored_in_part_are_journaled(
    api: FakeApi, send: Send, make_file: MakeFile
) -> None:
    """The stored ones are in the stores: a journal without them would call them foreign."""
    api.fault = lambda number: Fault(unstored=lambda good: good[2:4]) if number == 0 else Fault(status=503)
    stopped = send(make_file(6), retry_deadline=0.2, workers=1)
    assert (stopped.accepted, stopped.error is None) == (4, False)
    with Journal.open(Path(stopped.journal)) as journal:
        assert list(journal.covered()) == [(0, 2), (4, 6)]
        assert list(journal.ids()) == api.stored


SEND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts the tests in the background ignores it
from pathlib import Path
from client.send.run import Options, send_file
from shared.retry import Budget
from tests.unit.client.conftest import FakeStage
send_file(FakeStage(sys.argv[1], Path(sys.argv[2])), sys.argv[3], Options(batch_size=10, workers=3, rate=2000))
"""


def test_after_kill_9_resume_ends_where_an_undisturbed_run_does(
    api: FakeApi, stage: FakeStage, send: Send, make_file: MakeFile, tmp_path: Path
) -> None:
    path = make_file(3_000)
    process: subprocess.Popen[bytes] | None = None

    def kill_at(number: int) -> Fault | None:
        if number == 60 and process is not None:
            os.kill(process.pid, signal.SIGKILL)
        return None

    with api.lock:  # no request is counted before the process is known
        api.fault = kill_at
        process = subprocess.Popen([sys.executable, "-c", SEND, api.url, str(tmp_path / "home"), str(path)])
    assert process.wait(60) == -signal.SIGKILL
    before = len(api.requests)
    assert 0 < before < 300

    summary = send(path, batch_size=10, resume=True)
    assert summary.skipped > 0
    assert summary.accepted == 3_000
    assert sorted(api.stored) == [f"t{i:06d}" for i in range(3_000)]
    with Journal.open(Path(summary.journal)) as journal:
        assert (journal.totals().rows, len(list(journal.ids()))) == (3_000, 3_000)
        assert len(api.requests) - before == (3_000 - summary.skipped) / 10


def test_an_interrupted_send_waits_for_what_is_under_way_and_notes_it(
    api: FakeApi, stage: FakeStage, make_file: MakeFile, tmp_path: Path
) -> None:
    path = make_file(3_000)
    process: subprocess.Popen[bytes] | None = None

    def interrupt_at(number: int) -> Fault | None:
        if number == 60 and process is not None:
            os.kill(process.pid, signal.SIGINT)
        return None

    with api.lock:
        api.fault = interrupt_at
        command = [sys.executable, "-c", SEND, api.url, str(tmp_path / "home"), str(path)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"KeyboardInterrupt" in err  # which the command turns into one line and exit code 130
    (journal_file,) = stage.journals.glob("*.sqlite")
    with Journal.open(journal_file) as journal:
        assert sorted(journal.ids()) == sorted(api.stored)
        assert 600 <= journal.totals().rows < 3_000


FAULTS = [
    Fault(status=429),
    Fault(status=500),
    Fault(status=503),
    Fault(reset_before=True),
    Fault(reset_after=True),
    Fault(status=202, body=b"{"),
    Fault(unstored=lambda good: good[::2]),
    Fault(unstored=lambda good: good),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(1, 40), st.floats(0, 0.6))
def test_whatever_fails_each_row_is_acknowledged_once_and_stored(seed: int, rows: int, rate: float) -> None:
    random = Random(seed)
    plan = [random.choice(FAULTS) if random.random() < rate else None for _ in range(500)]
    with serve(FakeApi(fault=lambda number: plan[number % 500])) as api:
        sent = batch(rows)
        sender = client(api, Clock(), seconds=10_000)
        assert sender.send(sent) is None
        assert sent.ids == [f"t{i:06d}" for i in range(rows)]
        assert set(api.stored) == set(sent.ids)
