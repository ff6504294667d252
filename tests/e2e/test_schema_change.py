"""A release with two more fields is deployed over a running one, with data under way everywhere; then rolled back."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from local.tests.ports import free_port_pair
from shared.sinks.consumer import Position, Unreadable
from shared.sinks.quarantine import quarantine_objects
from shared.transaction.codec import BadLine, encode_line
from tests.e2e.stack import REPO, Stack, wait_until
from tests.evolution.next_release import make
from tests.rows import CSV_ROW
from tests.unit.fakes.rows import transaction

pytestmark = pytest.mark.slow  # three deployments and Spark

NEW = {"device_id": "pos-17", "loyalty_points": "120"}


def swipeline(stack: Stack, release: Path, *args: str | Path) -> str:
    """Run a command of a release, as its users do."""
    environment = stack.env | {"PYTHONPATH": str(release), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "client.cli", *map(str, args)]
    done = subprocess.run(
        command, cwd=release, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Sender:
    """Sends small requests without a pause until it is stopped; keeps every id, sent again until acknowledged."""

    def __init__(self, stack: Stack) -> None:
        self.ids: list[str] = []
        self._stack, self._over = stack, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(120)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over.wait(0.1):
            self.ids += send(self._stack, 5)


def send(stack: Stack, rows: int, **more: str) -> list[str]:
    """Send rows, again and again until they are acknowledged; give their ids."""
    ids = [uuid.uuid4().hex for _ in range(rows)]
    body = [{k: v for k, v in CSV_ROW.items() if k} | {"trans_num": one} | more for one in ids]
    answers: list[str] = []

    def accepted() -> bool:
        try:
            answer = stack.post(body)
        except requests.RequestException as error:
            answers.append(str(error))
            return False
        answers.append(f"{answer.status_code} {answer.text[:300]}")
        return answer.status_code == 202

    wait_until(accepted, 120, "rows are accepted", lambda: str(answers[-3:]), every=0.5)
    return ids


def old_line(one: str) -> bytes:
    """A line as the release before card_key_id wrote it."""
    values = json.loads(encode_line(transaction(7)._replace(transaction_id=one)))
    del values[4]
    assert len(values) == 25
    return json.dumps(values).encode()


def quarantined(stack: Stack) -> set[str]:
    return {key for key, _ in stack.objects("QuarantineBucket", "quarantine/")}


def mappings(stack: Stack, enabled: bool) -> None:
    """Stop or start the consumers: what is sent meanwhile stays on the stream."""
    functions = stack.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def merges(stack: Stack, enabled: bool) -> None:
    """Stop or start the merges: what is delivered meanwhile stays in staging."""
    functions = stack.client("lambda")
    name = f"swipeline-{stack.stage}-merge-warehouse"
    (mapping,) = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def check(stack: Stack, ids: list[str], quarantine: set[str]) -> None:
    """Every id is in every store, in none of them twice, and nothing more is in quarantine."""
    wanted = set(ids)
    assert len(wanted) == len(ids)

    def in_table() -> bool:
        return wanted <= {item["transaction_id"]["S"] for item in stack.items()}

    def in_lake() -> bool:
        lines = (line for _, body in stack.objects("LakeBucket", "transactions/") for line in body.splitlines())
        return wanted <= {json.loads(line)["transaction_id"] for line in lines}

    def in_warehouse() -> bool:
        return wanted <= {row[0] for row in stack.sql("SELECT transaction_id FROM core.transaction")}

    def in_marts() -> bool:
        rows = stack.sql("SELECT transaction_id FROM mart.purchase", stack.outputs["AnalystRoleArn"])
        return wanted <= {row[0] for row in rows}

    for where, what in ((in_table, "table"), (in_lake, "lake"), (in_warehouse, "warehouse"), (in_marts, "marts")):
        wait_until(where, 180, f"all {len(ids)} in the {what}", lambda: stack.log_of("merge-warehouse", 5), every=2)
    assert stack.sql("SELECT COUNT(*), COUNT(DISTINCT transaction_id) FROM core.transaction")[0][0] == len(ids)
    assert sum(1 for _ in stack.items()) == len(ids)
    assert quarantined(stack) == quarantine


def found(stack: Stack, one: str) -> dict[str, Any]:
    """A transaction as the read API gives it."""
    key = stack.client("apigateway").get_api_key(apiKey=stack.outputs["ReaderApiKeyId"], includeValue=True)["value"]
    answer = requests.get(f"{stack.url}/{one}", headers={"x-api-key": key}, timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("next-release")
    make(folder)
    (folder / "node_modules").symlink_to(REPO / "node_modules")
    return folder


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(home=tmp_path_factory.mktemp("home"), port=free_port_pair())
    try:
        swipeline(stack, REPO, "up")
        yield stack
    finally:
        swipeline(stack, REPO, "down")


def test_two_fields_come_to_a_running_stage(stack: Stack, release: Path, tmp_path: Path) -> None:
    s3 = stack.client("s3")
    old = uuid.uuid4().hex
    position = Position("shardId-000000000000", "1", "00", datetime.now(UTC))
    bad = Unreadable(position, 0, BadLine(old_line(old), "25 elements"))
    (kept,) = quarantine_objects("write-to-s3", [bad])
    s3.put_object(Bucket=stack.outputs["QuarantineBucket"], Key=kept.key, Body=kept.body)
    stack.client("kinesis").put_record(StreamName=stack.outputs["StreamName"], PartitionKey="00", Data=b"no line\n")
    raw = tmp_path / "raw.csv"
    raw_id = uuid.uuid4().hex
    with raw.open("w", newline="") as file:
        writer = csv.DictWriter(file, CSV_ROW)
        writer.writeheader()
        writer.writerow(CSV_ROW | {"trans_num": raw_id})
    s3.put_object(Bucket=stack.outputs["RawBucket"], Key="history/raw.csv", Body=raw.read_bytes())
    wait_until(lambda: len(quarantined(stack)) == 2, 60, "the bad line is in quarantine")
    before = quarantined(stack)
    merges(stack, enabled=False)
    with Sender(stack) as sender:
        wait_until(
            lambda: stack.sql("SELECT COUNT(*) FROM staging.transaction")[0][0] > 20, 150, "rows wait in staging"
        )
        mappings(stack, enabled=False)
        ids = send(stack, 30)  # on the stream, and in Firehose's buffer
        swipeline(stack, release, "up")
        mappings(stack, enabled=True)
        merges(stack, enabled=True)
        done = json.loads(swipeline(stack, release, "migrate", "--json"))
        assert done["migrations"] == []  # `up` has applied them
        new = send(stack, 10, **NEW)
    ids += sender.ids + new
    check(stack, ids, before)

    assert (found(stack, new[0])["device_id"], found(stack, new[0])["loyalty_points"]) == ("pos-17", 120)
    assert found(stack, ids[0])["device_id"] is None
    rows = stack.sql("SELECT device_id, loyalty_points, COUNT(*) FROM core.transaction GROUP BY 1, 2 ORDER BY 3")
    assert rows == [["pos-17", 120, len(new)], [None, None, len(ids) - len(new)]]

    # The file of the raw zone, and the old line of the quarantine.
    swipeline(stack, release, "batch", raw, "--json")
    swipeline(stack, release, "quarantine", "redrive", "--json", "--yes", kept.key)
    wait_until(lambda: len(quarantined(stack)) == 1, 60, "the old line is taken")
    ids += [old]
    check_after(stack, [*ids, raw_id], set(ids))  # a batch is in the warehouse alone


def test_a_release_is_rolled_back_with_lines_of_the_newer_one_on_the_stream(stack: Stack, release: Path) -> None:
    swipeline(stack, release, "up")  # nothing, after the test before
    known = [row[0] for row in stack.sql("SELECT transaction_id FROM core.transaction")]
    items = {item["transaction_id"]["S"] for item in stack.items()}
    before = quarantined(stack)
    mappings(stack, enabled=False)
    with Sender(stack) as sender:
        newer = send(stack, 20, **NEW)
        swipeline(stack, REPO, "up")
        mappings(stack, enabled=True)
    ids = newer + sender.ids + send(stack, 5)
    check_after(stack, [*known, *ids], items | {*ids})
    assert found(stack, newer[0])["amount"] == "41.07"
    assert quarantined(stack) == before


def check_after(stack: Stack, core: list[str], items: set[str]) -> None:
    """Exactly these are in the warehouse and in the table, each once."""

    def stored() -> list[str]:
        return sorted(row[0] for row in stack.sql("SELECT transaction_id FROM core.transaction"))

    wait_until(lambda: set(core) <= set(stored()), 180, "all in the warehouse", every=2)
    assert stored() == sorted(core)
    wait_until(lambda: {item["transaction_id"]["S"] for item in stack.items()} == items, 180, "all in the table")
