"""A run of the job from end to end, on real Spark: what it writes, what it notes, and what a second run does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue.arguments import Arguments
from glue.loads import LOADED, REFUSED, TRANSFORMED, Loads
from glue.run import Job, Outcome
from glue.table import TRANSACTION_ARROW
from tests.rows import CARD_KEYS, CARD_NUMBER
from tests.unit.glue.lines import COLUMNS, header, line


@pytest.fixture
def job(spark: Any, aws: None, tmp_path: Path) -> Any:
    """Runs the job over files given as name -> lines, put to the raw zone and on the mount."""
    loads = Loads(boto3.client("dynamodb"), "loads")

    def run(run_id: str, raw_path: str = "s3://raw/in/", **files: list[bytes]) -> Outcome:
        for name, lines in files.items():
            body = b"\n".join(lines) + b"\n"
            boto3.client("s3").put_object(Bucket="raw", Key=f"in/{name}.csv", Body=body)
            (tmp_path / "raw/in").mkdir(parents=True, exist_ok=True)
            (tmp_path / f"raw/in/{name}.csv").write_bytes(body)
        paths = [f"s3://lake/{name}/" for name in ("batch", "rejects", "manifests")]
        arguments = Arguments("job", run_id, raw_path, *paths, "loads", "secret", str(tmp_path))
        return Job(spark, boto3.client("s3"), loads, CARD_KEYS, arguments).run()

    return run


def written(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.parquet") if not path.name.startswith("."))


def test_good_rows_become_parquet_by_month_named_by_a_manifest(job: Any, tmp_path: Path) -> None:
    june = line(trans_num="b", trans_date_trans_time="2020-06-30 23:59:59")
    outcome = job("r1", a=[header(), line(), june])
    assert (outcome.status, outcome.accepted, outcome.written, outcome.rejected) == (TRANSFORMED, 2, 2, 0)
    files = written(tmp_path / "lake/batch/run=r1")
    assert [path.parent.name for path in files] == ["occurred_month=2020-06", "occurred_month=2020-07"]
    entries = json.loads((tmp_path / "lake/manifests/r1.manifest").read_text())["entries"]
    assert [entry["url"] for entry in entries] == [f"s3://{path.relative_to(tmp_path)}" for path in files]
    assert [entry["meta"]["content_length"] for entry in entries] == [path.stat().st_size for path in files]


def test_a_file_has_the_warehouse_s_columns_in_its_order_and_no_other(job: Any, tmp_path: Path) -> None:
    job("r1", a=[header(), line()])
    (path,) = written(tmp_path / "lake/batch")
    assert pq.read_schema(path).remove_metadata() == pa.schema(
        [field.with_metadata(None) for field in TRANSACTION_ARROW]
    )


def test_bad_rows_are_listed_and_the_good_ones_written(job: Any, tmp_path: Path) -> None:
    outcome = job("r1", a=[header(), line(amt="-"), line(), line(cc_num=CARD_NUMBER + "?")])
    assert (outcome.accepted, outcome.rejected, outcome.rows) == (1, 2, 3)
    rejects = [
        json.loads(text)
        for path in (tmp_path / "lake/rejects/run=r1").glob("*.json")
        for text in path.read_text().splitlines()
    ]
    assert [(row["file"], row["line"], row["field"]) for row in rejects] == [
        ("s3://raw/in/a.csv", 2, "amt"),
        ("s3://raw/in/a.csv", 4, "cc_num"),
    ]


def test_no_file_that_is_written_holds_a_card_number(job: Any, tmp_path: Path) -> None:
    job("r1", a=[header(), line(), line(cc_num=CARD_NUMBER + "?"), line(trans_num="b", city=CARD_NUMBER)])
    for path in written(tmp_path / "lake"):
        assert CARD_NUMBER not in str(pq.read_table(path).to_pylist())
    for path in (tmp_path / "lake").rglob("*"):
        assert not path.is_file() or CARD_NUMBER.encode() not in path.read_bytes()


def test_an_id_that_comes_twice_is_written_once_and_counted(job: Any, tmp_path: Path) -> None:
    outcome = job("r1", a=[header(), line(), line()], b=[header(), line(), line(trans_num="b")])
    assert (outcome.files, outcome.accepted, outcome.duplicates, outcome.written) == (2, 4, 2, 2)
    assert sum(pq.read_metadata(path).num_rows for path in written(tmp_path / "lake/batch")) == 2


def test_a_file_that_has_drifted_is_refused_and_nothing_of_its_run_is_written(job: Any, tmp_path: Path) -> None:
    outcome = job("r1", "s3://raw/in/b.csv", b=[drifted(), line()])
    assert outcome.status == REFUSED
    assert "b.csv: missing column amt; unknown column 'amount'" in outcome.reason
    assert not (tmp_path / "lake").exists()


def test_among_others_it_is_refused_once_and_they_are_written(job: Any, tmp_path: Path) -> None:
    outcome = job("r1", a=[header(), line()], b=[drifted(), line(trans_num="b")])
    assert (outcome.status, outcome.files, outcome.refused_files, outcome.written) == (TRANSFORMED, 1, 1, 1)
    assert "b.csv: missing column amt" in outcome.refusals
    assert job("r1") == outcome, "a retried run reports the same"
    Loads(boto3.client("dynamodb"), "loads").record("r1", LOADED, outcome.numbers(), outcome.texts())
    night = job("r2")
    assert (night.status, night.files, night.refused_files, night.skipped_files) == (TRANSFORMED, 0, 0, 2)
    assert job("r3", "s3://raw/in/b.csv").status == REFUSED, "asked for by its name, it is looked at again"


def drifted() -> bytes:
    """A header with a column of another name."""
    return b",".join(b"amount" if name == b"amt" else name for name in header().split(b","))


def test_a_run_that_is_tried_again_writes_the_same_in_place_of_the_first(job: Any, tmp_path: Path) -> None:
    first = job("r1", a=[header(), line(), line(trans_num="b")])
    assert job("r1") == first
    assert sum(pq.read_metadata(path).num_rows for path in written(tmp_path / "lake/batch")) == 2


def test_a_loaded_file_is_skipped_and_a_new_one_beside_it_taken(job: Any, tmp_path: Path) -> None:
    first = job("r1", a=[header(), line()])
    Loads(boto3.client("dynamodb"), "loads").record("r1", LOADED, first.numbers(), first.texts())
    again = job("r2")
    assert (again.files, again.skipped_files, again.rows, again.earlier_runs) == (0, 1, 0, "r1")
    assert not (tmp_path / "lake/batch/run=r2").exists()
    third = job("r3", b=[header(), line(trans_num="b")])
    assert (third.files, third.skipped_files, third.written) == (1, 1, 1)


def test_a_file_without_a_good_row_gives_no_manifest(job: Any) -> None:
    outcome = job("r1", a=[header(), line(amt="x")])
    assert (outcome.status, outcome.written, outcome.manifest) == (TRANSFORMED, 0, "")


def test_what_a_run_did_is_noted_for_the_state_machine(job: Any) -> None:
    outcome = job("r1", a=[header(), line()])
    item = boto3.client("dynamodb").get_item(TableName="loads", Key={"load": {"S": "run#r1"}})["Item"]
    assert item["status"] == {"S": TRANSFORMED}
    assert {name: int(item[name]["N"]) for name in outcome.numbers()} == outcome.numbers()
    assert item["manifest"] == {"S": outcome.manifest}


def test_an_object_that_is_not_there_is_refused_by_name(job: Any) -> None:
    outcome = job("r1", "s3://raw/in/none.csv")
    assert outcome.status == REFUSED
    assert "none.csv" in outcome.reason


def test_columns_may_be_in_another_order_in_each_file(job: Any) -> None:
    turned = tuple(reversed(COLUMNS))
    outcome = job("r1", a=[header(), line()], b=[header(turned), line(turned, trans_num="b")])
    assert (outcome.accepted, outcome.rejected) == (2, 0)
