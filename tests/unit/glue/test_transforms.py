"""The job's steps on real Spark: what they keep, drop and number, whatever the order and the cutting of the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glue import transforms
from tests.rows import CARD_KEYS
from tests.unit.glue.lines import COLUMNS, header, line


@pytest.fixture
def parsed(spark: Any, tmp_path: Path) -> Any:
    """Makes the parsed rows of files given as name -> lines, which lie on a mount as bucket raw."""

    def make(**files: list[bytes]) -> Any:
        (tmp_path / "raw").mkdir(exist_ok=True)
        for name, lines in files.items():
            (tmp_path / "raw" / f"{name}.csv").write_bytes(b"\n".join(lines) + b"\n")
        paths = [f"file://{tmp_path}/raw/{name}.csv" for name in files]
        headers = {f"s3://raw/{name}.csv": COLUMNS for name in files}
        return transforms.parsed(transforms.lines_of(spark, paths), headers, CARD_KEYS, str(tmp_path))

    return make


@pytest.fixture
def small_blocks(spark: Any) -> Any:
    """Cuts files into blocks of 2 KB, as a file of gigabytes is cut on a cluster."""
    name = "spark.sql.files.maxPartitionBytes"
    before = spark.conf.get(name)
    spark.conf.set(name, "2048")
    yield
    spark.conf.set(name, before)


def test_rows_are_counted_by_outcome(parsed: Any) -> None:
    rows = parsed(a=[header(), line(), line(amt="x"), b""], b=[header(), line(trans_num="b")])
    assert transforms.counts(rows)[:3] == (2, 1, 6)


def test_the_bounds_of_the_times_are_in_seconds_and_of_accepted_rows_alone(parsed: Any) -> None:
    early = line(trans_num="b", trans_date_trans_time="2020-06-30 23:59:59")
    late = line(trans_num="c", trans_date_trans_time="2021-01-01 00:00:01")
    wrong = line(amt="x", trans_date_trans_time="2022-01-01 00:00:00")
    counts = transforms.counts(parsed(a=[header(), early, late, wrong]))
    assert (counts.oldest, counts.newest) == (1593561599, 1609459201)
    assert transforms.counts(parsed(a=[header(), wrong]))[3:] == (0, 0)


def test_a_rejected_line_has_its_number_in_the_file_although_the_file_is_cut(parsed: Any, small_blocks: Any) -> None:
    lines = [header(), *(line(trans_num=f"t{n}", amt="bad" if n % 25 == 0 else "1.00") for n in range(2, 101))]
    rows = parsed(a=lines)
    assert rows.rdd.getNumPartitions() > 4
    found = [(row["file"], row["line"], row["field"]) for row in transforms.rejected(rows).orderBy("line").collect()]
    assert found == [("s3://raw/a.csv", number, "amt") for number in (25, 50, 75, 100)]
    assert transforms.counts(rows)[:3] == (95, 4, 100)


def test_every_reason_of_a_rejected_line_is_kept(parsed: Any) -> None:
    (row,) = transforms.rejected(parsed(a=[header(), line(amt="x", gender="?")])).collect()
    assert [error["field"] for error in row["errors"]] == ["amt", "gender"]
    assert row["reason"] == row["errors"][0]["reason"]


def test_each_content_stays_once_whatever_the_order_and_the_merge_decides_which_counts(parsed: Any) -> None:
    early, late = line(amt="1.00"), line(amt="2.00", trans_date_trans_time="2020-07-01 09:00:00")
    other = line(trans_num="b")
    kept = []
    for lines in ([early, late, other, early], [other, late, early]):
        good = transforms.accepted(parsed(a=[header(), *lines]))
        assert transforms.has_duplicates(good)
        kept.append(sorted(transforms.deduplicated(good).collect()))
    assert kept[0] == kept[1]
    assert [str(row["amount"]) for row in kept[0]] == ["1.00", "2.00", "41.07"]


def test_ids_that_differ_are_no_duplicates(parsed: Any) -> None:
    assert not transforms.has_duplicates(transforms.accepted(parsed(a=[header(), line(), line(trans_num="b")])))


def test_rows_are_cut_along_time_and_sorted_within_each_piece(
    parsed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transforms, "ROWS_PER_FILE", 20)
    lines = [line(trans_num=f"t{n}", trans_date_trans_time=f"2020-{1 + n % 3:02}-15 08:00:{n:02}") for n in range(60)]
    good = transforms.accepted(parsed(a=[header(), *reversed(lines)]))
    cut = transforms.by_month(good, 60)
    assert cut.rdd.getNumPartitions() == 3
    for piece in cut.select("occurred_at").rdd.glom().collect():
        assert [row[0] for row in piece] == sorted(row[0] for row in piece)
    assert {row[0] for row in cut.select(transforms.MONTH).distinct().collect()} == {"2020-01", "2020-02", "2020-03"}
