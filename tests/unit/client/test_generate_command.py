"""`swipeline generate` as a user calls it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

KAGGLE = (
    ",trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,"
    "job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud"
)


def swipeline(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "client.cli", *map(str, args)], capture_output=True, text=True, timeout=60
    )


def test_the_csv_has_the_kaggle_header_and_one_line_per_row() -> None:
    done = swipeline("generate", "--rows", "25", "--seed", "7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == KAGGLE
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [r[""] for r in rows] == [str(i) for i in range(25)]


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet"):
        assert swipeline("generate", "--rows", "200", "--out", tmp_path / name).returncode == 0
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == ["Unnamed: 0", *KAGGLE.split(",")[1:]]
    with (tmp_path / "a.csv").open(newline="") as file:
        for text, value in zip(csv.DictReader(file), table.to_pylist(), strict=True):
            value[""] = value.pop("Unnamed: 0")
            assert {k: type(value[k])(v) for k, v in text.items()} == value


def test_the_summary_is_json_for_programs(tmp_path: Path) -> None:
    done = swipeline("generate", "--rows", "300", "--out", tmp_path / "a.csv", "--json")
    summary = json.loads(done.stdout)
    assert summary["rows"] == 300
    assert summary["file"] == str(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rows", "-1"], "--rows must not be negative"),
        (["--start", "yesterday"], "--start must be a date like"),
        (["--fraud-rate", "1.5"], "--fraud-rate must be between 0 and 1"),
        (["--customers", "0"], "--customers must be between 1"),
        (["--format", "xml"], "--format must be csv or parquet"),
        (["--json"], "add --out FILE"),
        (["--out", "/nowhere/at/all.csv"], "Cannot write /nowhere/at/all.csv"),
    ],
)
def test_a_wrong_argument_is_one_line_that_says_what_to_do(options: list[str], says: str) -> None:
    done = swipeline("generate", *options)
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_option_is_wrong_usage_and_not_a_rejected_row() -> None:
    done = swipeline("generate", "--rowz", "5")
    assert done.returncode == 64
    assert "--rowz" in done.stderr


def test_a_reader_that_closes_causes_no_traceback() -> None:
    command = f"{sys.executable} -m client.cli generate --rows 200000 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [KAGGLE]
    assert "Traceback" not in done.stderr


def test_a_failed_write_leaves_no_file_behind(tmp_path: Path) -> None:
    (tmp_path / "taken.csv").mkdir()
    assert swipeline("generate", "--rows", "10", "--out", tmp_path / "taken.csv").returncode == 1
    assert [p.name for p in tmp_path.iterdir()] == ["taken.csv"]
