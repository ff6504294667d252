"""The batch path on the embedded AWS: the state machine of resources/, real Spark, and the same warehouse."""

from __future__ import annotations

import csv
import gzip
import json
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.tests.ports import free_port_pair
from tests.e2e.stack import Stack, wait_until
from tests.unit.client.files.tables import csv_text
from tests.unit.client.files.tables import rows as some_rows

pytestmark = pytest.mark.slow  # each starts Spark

CORE = {
    "core.transaction": (
        "transaction_id, occurred_at, card_id, card_key_id, card_last4, customer_id, merchant_id, category, amount, "
        "merchant_latitude, merchant_longitude, is_fraud"
    ),
    "core.customer": "*",
    "core.merchant": "*",
}


@pytest.fixture(scope="module")
def batch_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose warehouse nothing but these tests fills."""
    stack = Stack(home=tmp_path_factory.mktemp("batch-home"), port=free_port_pair())
    try:
        stack.run("up")
        yield stack
    finally:
        stack.run("down", check=False)


@pytest.fixture
def make_file(batch_stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Makes a simulated file that no other test has, as lists of cells that a test may change."""

    def make(name: str, rows: int, change: Callable[[list[list[str]]], Any] = lambda _: None) -> Path:
        path = tmp_path / f"{request.node.name[:40]}-{name}.csv"
        seed = sum(request.node.nodeid.encode()) * 100 + len(name)
        batch_stack.run("generate", "--rows", str(rows), "--seed", str(seed), "--out", path)
        with path.open(newline="") as file:
            content = list(csv.reader(file))
        change(content)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(content)
        return path

    return make


def batch(stack: Stack, *files: Path, exit_code: int = 0) -> list[dict[str, Any]]:
    done = stack.run("batch", *files, "--json", check=False, timeout=600)
    assert done.returncode == exit_code, f"{done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
    return list(json.loads(done.stdout))


def ids(path: Path) -> set[str]:
    with path.open(newline="") as file:
        return {row["trans_num"] for row in csv.DictReader(file)}


def in_core(stack: Stack, wanted: set[str]) -> int:
    rows = stack.sql("SELECT transaction_id FROM core.transaction")
    found = [row[0] for row in rows if row[0] in wanted]
    assert len(found) == len(set(found)), "an id is in core twice"
    return len(found)


def core(stack: Stack) -> dict[str, list[list[Any]]]:
    """All of core, but for when it was merged."""
    return {table: sorted(stack.sql(f"SELECT {columns} FROM {table}"), key=repr) for table, columns in CORE.items()}


def states(stack: Stack, run_id: str) -> list[str]:
    """The states that a run has entered."""
    arn = stack.outputs["BatchMachineArn"].replace(":stateMachine:", ":execution:") + f":{run_id}"
    history = stack.client("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)["events"]
    return [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]


def test_streamed_and_batch_loaded_a_file_gives_equal_core_tables(batch_stack: Stack, make_file: Any) -> None:
    path = make_file("parity", 2_000, lambda rows: rows.extend(rows[1:51]))
    (loaded,) = batch(batch_stack, path)
    assert (loaded["accepted"], loaded["duplicates"], loaded["inserted"]) == (2_050, 50, 2_000)
    by_batch = core(batch_stack)
    assert len(by_batch["core.transaction"]) == 2_000

    for table in CORE:
        batch_stack.sql(f"DELETE FROM {table}")
    batch_stack.run("send", path)
    wait_until(lambda: in_core(batch_stack, ids(path)) == 2_000, 120, "all rows are in core by the stream")
    assert core(batch_stack) == by_batch


def test_a_file_that_was_streamed_is_not_loaded_twice_nor_is_one_that_was_batch_loaded(
    batch_stack: Stack, make_file: Any
) -> None:
    path = make_file("twice", 500)
    batch_stack.run("send", path)
    wait_until(lambda: in_core(batch_stack, ids(path)) == 500, 120, "the stream's rows are in core")
    before = core(batch_stack)
    (loaded,) = batch(batch_stack, path)
    assert (loaded["status"], loaded["inserted"], loaded["known"]) == ("loaded", 0, 500)
    (again,) = batch(batch_stack, path)
    assert (again["status"], again["run_id"]) == ("unchanged", loaded["run_id"])
    assert core(batch_stack) == before


def test_bad_rows_are_listed_with_line_and_reason_and_the_good_ones_loaded(batch_stack: Stack, make_file: Any) -> None:
    def spoil(rows: list[list[str]]) -> None:
        amount = rows[0].index("amt")
        for number in range(100, 1_001, 100):
            rows[number][amount] = "1.234"

    path = make_file("bad", 1_000, spoil)
    (loaded,) = batch(batch_stack, path, exit_code=2)
    assert (loaded["accepted"], loaded["rejected"], loaded["inserted"]) == (990, 10, 990)
    (reason,) = loaded["reasons"]
    assert (reason["rows"], reason["field"], reason["line"]) == (10, "amt", 101)
    assert in_core(batch_stack, ids(path)) == 990


@pytest.mark.parametrize("change", ["renamed", "missing"])
def test_a_file_that_has_drifted_loads_nothing_says_which_column_and_raises_the_alarm(
    batch_stack: Stack, make_file: Any, change: str
) -> None:
    def drift(rows: list[list[str]]) -> None:
        at = rows[0].index("city_pop")
        for number, row in enumerate(rows):
            if change == "missing":
                del row[at]
            elif number == 0:
                row[at] = "population"

    path = make_file(change, 50, drift)
    (failed,) = batch(batch_stack, path, exit_code=1)
    assert failed["status"] == "failed"
    assert "InputRefused" in failed["error"]
    assert "missing column city_pop" in failed["error"]
    assert ("unknown column 'population'" in failed["error"]) == (change == "renamed")
    assert in_core(batch_stack, ids(path)) == 0
    entered = states(batch_stack, failed["run_id"])
    assert "Load" not in entered
    assert entered[-2:] == ["Alarm", "Failed"]


def test_a_killed_spark_is_started_again_and_the_file_ends_balanced(batch_stack: Stack, make_file: Any) -> None:
    path = make_file("killed", 3_000)
    command = batch_stack.start("batch", path)
    spark = wait_until(lambda: _spark(batch_stack), 120, "Spark runs")
    spark.send_signal(signal.SIGKILL)
    assert command.wait(300) == 0
    assert in_core(batch_stack, ids(path)) == 3_000
    arn = batch_stack.outputs["BatchMachineArn"]
    newest = batch_stack.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"][0]
    history = batch_stack.client("stepfunctions").get_execution_history(
        executionArn=newest["executionArn"], maxResults=1000
    )["events"]
    starts = [e for e in history if "startJobRun" in e.get("taskScheduledEventDetails", {}).get("resource", "")]
    assert len(starts) == 2
    (loaded,) = batch(batch_stack, path)
    assert (loaded["status"], loaded["inserted"]) == ("unchanged", 3_000)
    ledger = json.loads(batch_stack.run("reconcile", "--wait", "60", "--json").stdout)  # exits 0: balanced
    assert ledger["hops"]["batch"]["accepted"] >= 3_000
    batch_stack.run("reconcile", "--stores-only", "--wait", "60")


def test_gzip_and_several_files_at_once_wait_for_their_turn(batch_stack: Stack, make_file: Any) -> None:
    plain, other = make_file("a", 200), make_file("bb", 300)
    packed = other.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(other.read_bytes()))
    s3, bucket = batch_stack.client("s3"), batch_stack.outputs["RawBucket"]
    for path in (plain, packed):  # both arrive at the same time: two executions, one Spark
        s3.upload_file(str(path), bucket, f"transactions/{path.name}")
    wanted = ids(plain) | ids(other)
    wait_until(lambda: in_core(batch_stack, wanted) == 500, 240, "both files are in core")


def test_files_of_every_kind_are_loaded_with_the_rows_of_the_plain_file(batch_stack: Stack, tmp_path: Path) -> None:
    content = [row | {"trans_num": f"kind-{number}"} for number, row in enumerate(some_rows(24))]
    parts = [content[at : at + 6] for at in range(0, 24, 6)]
    (tmp_path / "semicolon.csv").write_bytes(csv_text(parts[0], delimiter=";", end="\r\n").encode("utf-16"))
    (tmp_path / "lines.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, parts[1])).encode()))
    times = pa.array([datetime.fromisoformat(row["trans_date_trans_time"]) for row in parts[2]], pa.timestamp("ns"))
    table = pa.Table.from_pylist(parts[2]).set_column(0, "trans_date_trans_time", times)
    pq.write_table(table.append_column("__index_level_0__", pa.array(range(6))), tmp_path / "times.parquet")
    text = csv_text(parts[3]).splitlines()
    text[3] = text[3].replace(",Orient,", ',"Orient,')  # a quote that never closes
    (tmp_path / "quote.csv").write_text("\n".join(text) + "\n")
    done = batch(batch_stack, tmp_path, exit_code=2)
    assert sorted((one["accepted"], one["rejected"]) for one in done) == [(5, 1), (6, 0), (6, 0), (6, 0)]
    assert in_core(batch_stack, {row["trans_num"] for row in content}) == 23


def test_the_crawler_has_catalogued_the_raw_zone_and_the_parquet_with_its_partitions(
    batch_stack: Stack, make_file: Any
) -> None:
    (loaded,) = batch(batch_stack, make_file("first", 100))
    batch(batch_stack, make_file("second", 100))  # its crawl sees what the first run wrote
    glue, database = batch_stack.client("glue"), batch_stack.outputs["CatalogName"]
    tables = {table["Name"]: table for table in glue.get_tables(DatabaseName=database)["TableList"]}
    assert tables["transactions"]["Parameters"]["classification"] == "csv"
    parquet = {c["Name"]: c["Type"] for c in tables["batch"]["StorageDescriptor"]["Columns"]}
    assert (parquet["amount"], parquet["occurred_at"], parquet["is_fraud"]) == ("decimal(12,2)", "timestamp", "boolean")
    assert [key["Name"] for key in tables["batch"]["PartitionKeys"]] == ["run", "occurred_month"]
    partitions = glue.get_partitions(DatabaseName=database, TableName="batch")["Partitions"]
    assert loaded["run_id"] in {partition["Values"][0] for partition in partitions}


def test_the_lake_answers_through_athena_what_the_file_says(batch_stack: Stack, make_file: Any) -> None:
    path = make_file("lake", 300)
    (loaded,) = batch(batch_stack, path)
    with path.open(newline="") as file:
        sent = list(csv.DictReader(file))

    def answer(sql: str) -> list[dict[str, Any]]:
        done = batch_stack.run("sql", "--lake", sql, "--json", check=False)
        return list(json.loads(done.stdout)) if done.returncode == 0 else []  # no table before the first crawl

    run = f"WHERE run = '{loaded['run_id']}'"
    wait_until(lambda: answer(f"SELECT count(*) AS n FROM batch {run}") == [{"n": 300}], 120, "the crawl has ended")
    by_state: dict[str, list[Decimal]] = {}
    for row in sent:
        by_state.setdefault(row["state"], []).append(Decimal(row["amt"]))
    assert answer(
        f"SELECT state, count(*) AS n, sum(amount) AS spend FROM batch {run} GROUP BY state ORDER BY state"
    ) == [
        {"state": state, "n": len(amounts), "spend": f"{sum(amounts):.2f}"}
        for state, amounts in sorted(by_state.items())
    ]
    named = json.loads(batch_stack.run("sql", "--saved", "rows-by-run", "--json").stdout)
    assert {"run": loaded["run_id"], "rows": 300}.items() <= next(
        row for row in named if row["run"] == loaded["run_id"]
    ).items()


def test_an_analyst_gets_no_card_number_out_of_the_raw_zone_and_a_stranger_no_query(
    batch_stack: Stack, make_file: Any
) -> None:
    batch(batch_stack, make_file("raw", 20))
    refused = batch_stack.run("sql", "--lake", "SELECT cc_num FROM transactions", check=False)
    assert refused.returncode != 0
    assert "PERMISSION_DENIED" in refused.stderr
    stranger = stranger_to(batch_stack)
    for call, arguments in {
        "start_query_execution": {"QueryString": "SELECT 1", "WorkGroup": batch_stack.outputs["LakeWorkgroupName"]},
        "list_named_queries": {"WorkGroup": batch_stack.outputs["LakeWorkgroupName"]},
    }.items():
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(stranger, call)(**arguments)


def stranger_to(stack: Stack) -> Any:
    """An Athena client of a user without any right."""
    iam = stack.client("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    return session.client("athena", endpoint_url=f"http://127.0.0.1:{stack.port}")


def test_no_card_number_is_in_what_a_run_leaves(batch_stack: Stack, make_file: Any) -> None:
    def misplace(rows: list[list[str]]) -> None:
        rows[5][rows[0].index("street")] = rows[5][rows[0].index("cc_num")]

    path = make_file("cards", 100, misplace)
    (loaded,) = batch(batch_stack, path, exit_code=2)
    assert loaded["rejected"] == 1
    with path.open(newline="") as file:
        cards = {row["cc_num"].encode() for row in csv.DictReader(file)}
    for key, body in batch_stack.objects("LakeBucket", "batch"):
        assert not any(card in body for card in cards), key
    for log in (batch_stack.home / "logs").glob("*.log"):
        content = log.read_bytes()
        assert not any(card in content for card in cards), log.name


def _spark(stack: Stack) -> psutil.Process | None:
    """The script's process, once its Java runs."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(part.startswith(str(stack.home)) and part.endswith("/job.py") for part in command[:2]):
            return process if process.children() else None
    return None
