"""`swipeline batch`: what goes up under which name, which run is followed, what is reported, and how it exits."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from client.batch import follow, upload
from client.batch.prepare import Prepared, prepare
from client.batch.run import Batch, Loaded, reasons
from client.commands.batch import check_keys, describe
from client.errors import ClientError
from client.files.expand import Named
from client.files.mapping import Reading
from tests.unit.client.conftest import HEADER, line
from tests.unit.fakes.shapes import obeys

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:swipeline-try-batch"
OUTPUTS = {"RawBucket": "raw", "BatchMachineArn": MACHINE, "BatchLoadsTableName": "loads"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="raw")
        boto3.client("s3").create_bucket(Bucket="lake")
        boto3.client("dynamodb").create_table(
            TableName="loads",
            KeySchema=[{"AttributeName": "load", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "load", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


@obeys("stepfunctions")
class States:
    """Step Functions as the client sees them: an execution that ``starts`` when its object is in the raw zone."""

    def __init__(self, name: str, status: str = "SUCCEEDED", looks: int = 2, **ended: str) -> None:
        self.arn = MACHINE.replace(":stateMachine:", ":execution:") + f":{name}"
        self.status, self.looks, self.ended = status, looks, ended

    def list_executions(self, **_: Any) -> dict[str, Any]:
        found = boto3.client("s3").list_objects_v2(Bucket="raw").get("Contents", [])
        return {"executions": [{"executionArn": self.arn}] if found else []}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        (item,) = boto3.client("s3").list_objects_v2(Bucket="raw").get("Contents", [{"Key": "", "ETag": ""}])
        what = {"key": item["Key"], "etag": item["ETag"].strip('"')}
        event = {"detail": {"bucket": {"name": "raw"}, "object": what}}
        self.looks -= 1
        status = "RUNNING" if self.looks >= 0 else self.status
        return {"input": json.dumps(event), "status": status, **self.ended}

    def start_execution(self, stateMachineArn: str, input: str) -> dict[str, Any]:
        assert stateMachineArn == MACHINE
        self.input = input
        return {"executionArn": self.arn}

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        return {"events": [{"stateEnteredEventDetails": {"name": "Transform"}}]}


class AStage:
    """A stage with this Step Functions."""

    def __init__(self, states: States) -> None:
        self._states = states

    def output(self, key: str) -> str:
        return OUTPUTS[key]

    def client(self, service: str) -> Any:
        return self._states if service == "stepfunctions" else boto3.client(service)


def note(load: str, **values: Any) -> None:
    item = {name: {"N": str(v)} if isinstance(v, int) else {"S": v} for name, v in values.items()}
    boto3.client("dynamodb").put_item(TableName="loads", Item={"load": {"S": load}, **item})


def load(states: States, file: Path, said: list[str] | None = None) -> Loaded:
    reported = said if said is not None else []
    return Batch(AStage(states), 30, reported.append, lambda *_: None).load(file, f"transactions/{file.name}")  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("amt\n1.00\n")
    return path


def prepared(path: Path, folder: Path, **how: Any) -> Prepared:
    return prepare(Named(str(path)), Reading(**how), folder)


def rows_of(one: Prepared) -> list[dict[str, str]]:
    data = one.path.read_bytes()
    text = (gzip.decompress(data) if one.path.suffix == ".gz" else data).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text("\n".join([HEADER, *(line(i) for i in range(5))]) + "\n")
    return path


def test_csv_that_the_job_reads_goes_up_as_it_is_under_its_name(good: Path, tmp_path: Path) -> None:
    packed = good.with_name("packed.csv.gz")
    packed.write_bytes(gzip.compress(good.read_bytes()))
    for path in (good, packed):
        one = prepared(path, tmp_path)
        assert (one.path, one.key, one.converted) == (path, f"transactions/{path.name}", False)


def test_any_other_file_goes_up_as_plain_csv_with_the_same_rows(good: Path, tmp_path: Path) -> None:
    expected = rows_of(prepared(good, tmp_path))
    text = good.read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    semicolons = io.StringIO()
    csv.writer(semicolons, delimiter=";").writerows(csv.reader(io.StringIO(text)))
    for name, content in {
        "semicolons.csv": semicolons.getvalue().encode(),
        "wide.csv": text.encode("utf-16"),
        "lines.jsonl": "\n".join(map(json.dumps, rows)).encode(),
        "zipped.csv": gzip.compress(text.encode()),
        "named.csv.gz": text.encode(),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        one = prepared(path, tmp_path / "out" if (tmp_path / "out").exists() else _folder(tmp_path / "out"))
        assert one.converted, name
        assert rows_of(one) == expected, name
        assert one.path.stat().st_mode & 0o077 == 0


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_converted_file_is_the_same_bytes_each_time(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes(good.read_text().encode("utf-16"))
    first = prepared(path, tmp_path).path.read_bytes()
    assert prepared(path, tmp_path).path.read_bytes() == first


def test_rows_that_cannot_go_up_are_counted_and_come_back_with_those_that_the_job_refused(
    good: Path, tmp_path: Path
) -> None:
    lines = good.read_text().splitlines()
    lines[2] = lines[2].replace('Mann"', "Mann")  # a quote that never closes
    lines[3] = lines[3].replace("Columbia", '"Colum\nbia"')
    path = tmp_path / "odd.csv"
    path.write_text("\n".join(lines) + "\n")
    one = prepared(path, tmp_path)
    assert (one.converted, one.rejected, len(rows_of(one))) == (True, 2, 3)
    found = {row.line: why for row, why in one.rejects({4: [("amt", "of the job")]})}
    assert list(found) == [3, 4, 7]
    assert "never closes" in found[3][0][1]
    assert found[4][0][0] == "city"
    assert found[7] == [("amt", "of the job")]


def test_csv_whose_columns_have_drifted_goes_up_so_that_the_job_refuses_it_and_the_alarm_rises(
    good: Path, tmp_path: Path
) -> None:
    good.write_text(good.read_text().replace("city_pop", "population"))
    assert prepared(good, tmp_path).path == good
    good.write_bytes(good.read_text().encode("utf-16"))
    with pytest.raises(ClientError, match="missing: city_pop; unknown: 'population'"):
        prepared(good, tmp_path)


def test_a_file_that_is_not_there_or_not_whole_is_refused_before_anything_goes_up(good: Path, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="Cannot read"):
        prepared(tmp_path / "none.csv", tmp_path)
    whole = gzip.compress(b"\n".join([HEADER.encode(), *(line(i).encode() for i in range(10_000))]))
    middle = len(whole) // 2
    for content in (whole[:middle], whole[:middle] + bytes(64) + whole[middle + 64 :]):
        path = tmp_path / "harmed.csv.gz"
        path.write_bytes(content)
        with pytest.raises(ClientError, match=r"harmed\.csv\.gz is a damaged or incomplete gzip .*Nothing was sent"):
            prepared(path, tmp_path)


def test_two_files_of_one_name_would_be_one_object(good: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "good.csv"
    other.parent.mkdir()
    other.write_bytes(good.read_bytes())
    with pytest.raises(ClientError, match=r"Two files are named good\.csv"):
        check_keys([prepared(good, tmp_path), prepared(other, tmp_path)])


@pytest.mark.parametrize("size", [0, 10, upload.PART_BYTES - 1, upload.PART_BYTES, 2 * upload.PART_BYTES + 5])
def test_the_etag_is_known_before_the_upload(aws: None, tmp_path: Path, size: int) -> None:
    path = tmp_path / "big.csv"
    path.write_bytes(hashlib.sha256(b"x").digest() * (size // 32) + b"y" * (size % 32))
    sent: list[int] = []
    assert upload.upload(boto3.client("s3"), path, "raw", "transactions/big.csv", sent.append) == upload.etag(path)
    assert sum(sent) == size


def test_the_run_that_took_the_object_is_followed_to_its_end(aws: None, file: Path) -> None:
    note("run#r1", status="loaded", files=1, rows=3, accepted=2, rejected=1, duplicates=0, inserted=2, known=0)
    said: list[str] = []
    done = load(States("r1"), file, said)
    assert (done.run_id, done.status, done.rows, done.inserted, done.rejected) == ("r1", "loaded", 3, 2, 1)
    assert said == ["a.csv is in the raw zone", "transforming (Spark)"]


def test_a_run_of_another_content_is_not_taken_for_this_one(aws: None, file: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(follow, "START_SECONDS", 0.0)
    boto3.client("s3").upload_file(str(file), "raw", "transactions/a.csv")
    with pytest.raises(ClientError, match="no run of the batch path has started"):
        follow.find(States("r1"), MACHINE, "raw", "transactions/a.csv", "another etag", set())


def test_a_failed_run_reports_its_cause_and_loads_nothing(aws: None, file: Path) -> None:
    done = load(States("r1", "FAILED", error="InputRefused", cause="missing column amt"), file)
    assert (done.status, done.error, done.inserted) == ("failed", "InputRefused: missing column amt", 0)
    assert "nothing was loaded. InputRefused: missing column amt" in describe(done)


def test_what_is_pending_is_loaded_by_one_run_and_what_it_refused_is_reported(aws: None) -> None:
    note("run#r1", status="loaded", files=2, refused_files=1, rows=3, accepted=3, inserted=3)
    states = States("r1", "FAILED", error="InputRefused", cause="b.csv: missing column amt")
    done = Batch(AStage(states), 30, lambda _: None, lambda *_: None).load_pending()  # type: ignore[arg-type]
    assert json.loads(states.input) == {"raw_path": "s3://raw/transactions/"}
    assert (done.status, done.files, done.refused_files, done.inserted) == ("loaded", 2, 1, 3)
    text = describe(done)
    assert "2 files, 3 rows" in text
    assert "1 files cannot be loaded. InputRefused: b.csv: missing column amt" in text


def test_a_file_that_is_loaded_does_not_go_up_again(aws: None, file: Path) -> None:
    note(f"s3://raw/transactions/a.csv#{upload.etag(file)}", run_id="r1")
    note("run#r1", status="loaded", rows=3, accepted=3, rejected=0)
    done = load(States("r2"), file)
    assert (done.status, done.run_id, done.rows) == ("unchanged", "r1", 3)
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket="raw")


def test_a_file_whose_run_failed_goes_up_again(aws: None, file: Path) -> None:
    note(f"s3://raw/transactions/a.csv#{upload.etag(file)}", run_id="r1")
    note("run#r1", status="transformed", rows=3)
    note("run#r2", status="loaded", files=1, rows=3, accepted=3)
    assert load(States("r2"), file).run_id == "r2"


def test_a_run_that_found_the_file_loaded_by_a_faster_one_shows_that_one_s_counts(aws: None, file: Path) -> None:
    note("run#r2", status="loaded", files=0, skipped_files=1, rows=0, earlier_runs="r1")
    note("run#r1", status="loaded", rows=7, accepted=7, inserted=7)
    done = load(States("r2"), file)
    assert (done.status, done.rows) == ("unchanged", 7)


def test_reasons_are_counted_the_most_frequent_first_with_an_example(aws: None) -> None:
    rows = [
        {"file": "s3://raw/a.csv", "line": n, "field": "amt" if n != 3 else "zip", "reason": "bad"} for n in (2, 3, 4)
    ]
    body = "\n".join(map(json.dumps, rows)).encode()
    boto3.client("s3").put_object(Bucket="lake", Key="batch-rejects/run=r1/part-0.json", Body=body)
    first, second = reasons(boto3.client("s3"), "s3://lake/batch-rejects/run=r1/")
    assert (first["rows"], first["field"], first["line"]) == (2, "amt", 2)
    assert (second["rows"], second["field"], second["line"]) == (1, "zip", 3)


def test_people_see_counts_reasons_and_where_the_rejects_are() -> None:
    reason = {"rows": 2, "field": "amt", "reason": "is empty", "file": "s3://raw/a.csv", "line": 9}
    text = describe(
        Loaded(
            "a.csv",
            "r1",
            rows=12,
            accepted=10,
            rejected=2,
            inserted=8,
            known=1,
            duplicates=1,
            rejects="s3://r/",
            reasons=[reason],
        )
    )
    for said in (
        "12 rows",
        "10 accepted, 2 rejected",
        "8 new",
        "1 there already",
        "1 twice",
        "line 9, amt: is empty",
        "s3://r/",
    ):
        assert said in text
