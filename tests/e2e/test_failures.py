"""Poison on the stream, an unavailable warehouse, a stack that is restarted: nothing stops, nothing is lost."""

from __future__ import annotations

import base64
import json
import os
import signal
from typing import Any

import psutil
import pytest

from tests.e2e.stack import Stack, wait_until


def test_a_poison_record_is_quarantined_with_its_bytes_and_the_rest_is_written(
    stack: Stack, csv_file: Any, reconcile: Any
) -> None:
    poison = b"\xff\xfe not utf-8 \x00\n"
    path = csv_file(rows=500)
    sent = stack.client("kinesis").put_record(StreamName=stack.outputs["StreamName"], Data=poison, PartitionKey="00")
    stack.run("send", path)
    reconcile(path)

    def quarantined() -> list[dict[str, Any]]:
        found = [json.loads(body) for _, body in stack.objects("QuarantineBucket", "quarantine/")]
        return [q for q in found if q["sequence_number"] == sent["SequenceNumber"]]

    (entry,) = wait_until(quarantined, 30, "the poison record is in quarantine")
    assert base64.b64decode(entry["data"]).rstrip(b"\n") == poison.rstrip(b"\n")
    assert entry["reason"]


def test_what_the_stack_holds_survives_a_restart(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=400)
    stack.run("send", path)
    before = reconcile(path)["hops"]
    unpacked = stack.home / "run" / "functions"
    assert any(unpacked.iterdir()), "functions are unpacked within the home"
    stack.run("down")
    assert not unpacked.exists(), "a stack that is down leaves no code behind"
    stack.run("up")
    assert reconcile(path)["hops"]["dynamodb"]["written"] == before["dynamodb"]["written"]
    again = csv_file(rows=450)
    stack.run("send", again)
    assert reconcile(again)["hops"]["warehouse"]["written"] == 450


def kill_everything(stack: Stack, but: int) -> int:
    """`kill -9` of the supervisor, all that it started, and the functions, but for one; gives how many died."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("SWIPELINE_HOME") == str(stack.home) and process.pid not in (os.getpid(), but):
                found |= {p.pid: p for p in (process, *process.children(recursive=True))}
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    for process in found.values():
        if process.is_running():
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(found.values(), timeout=30)
    return len(found)


@pytest.mark.slow
def test_the_whole_stack_killed_while_a_file_is_sent_loses_nothing(stack: Stack, csv_file: Any, reconcile: Any) -> None:
    path = csv_file(rows=8_000)
    client = stack.start("send", "--batch-size", "100", "--rate", "600", "--retry-deadline", "5", path)
    already = sum(1 for _ in stack.records())
    wait_until(lambda: sum(1 for _ in stack.records()) > already + 100, 60, "some of the file is on the stream")
    assert kill_everything(stack, but=client.pid) >= 6
    assert client.wait(60) != 0, "the client was done before the stack was killed"
    stack.run("up")
    stack.run("send", "--resume", "--batch-size", "100", path)
    hops = reconcile(path, seconds=90)["hops"]
    assert [hops[s]["written"] for s in ("dynamodb", "lake", "warehouse")] == [8_000] * 3
    assert all(hops[s]["duplicates"] == 0 for s in ("dynamodb", "lake", "warehouse"))
