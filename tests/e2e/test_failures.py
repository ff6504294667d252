"""Poison on the stream, a warehouse that is away, a stack that is restarted: nothing stops, nothing is lost."""

from __future__ import annotations

import base64
import json
from typing import Any

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
    stack.run("down")
    stack.run("up")
    assert reconcile(path)["hops"]["dynamodb"]["written"] == before["dynamodb"]["written"]
    again = csv_file(rows=450)
    stack.run("send", again)
    assert reconcile(again)["hops"]["warehouse"]["written"] == 450
