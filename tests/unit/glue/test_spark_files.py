"""What Spark writes, in the options that jobs use, is read back by the one reader: a folder of parts at a time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from client.files.expand import expand
from tests.unit.client.files.tables import read, rows

ROWS = rows(60)
COMPRESSIONS = {
    "csv": ["none", "gzip", "bzip2"],
    "json": ["none", "gzip", "bzip2"],
    "parquet": ["none", "snappy", "gzip", "zstd"],
}


def drawn(seed: int) -> tuple[str, dict[str, str]]:
    """A format and options of Spark's writer, the same for the same seed."""
    draw = random.Random(seed)
    kind = draw.choice(["csv", "csv", "json", "parquet"])
    options = {"compression": draw.choice(COMPRESSIONS[kind])}
    if kind == "csv":
        options |= {"header": "true", "sep": draw.choice([",", ";", "\t", "|", "^"])}
        options |= {"quoteAll": draw.choice(["true", "false"]), "escape": draw.choice(['"', "\\"])}
    return kind, options


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("csv", {"header": "true"}),
        ("csv", {"header": "true", "sep": ";", "quoteAll": "true"}),
        ("csv", {"header": "true", "sep": "\t", "escape": '"'}),
        ("csv", {"header": "true", "sep": "|", "compression": "gzip"}),
        ("csv", {"header": "true", "compression": "bzip2", "lineSep": "\r\n"[1]}),
        ("csv", {"header": "true", "encoding": "UTF-16LE"}),
        ("json", {}),
        ("json", {"compression": "gzip"}),
        ("parquet", {}),
        ("parquet", {"compression": "zstd"}),
        *map(drawn, range(10)),
    ],
    ids=str,
)
def test_a_folder_that_spark_wrote_is_read_to_the_same_rows(
    spark: Any, tmp_path: Path, kind: str, options: dict[str, str]
) -> None:
    frame = spark.createDataFrame(ROWS).select(*ROWS[0])
    if kind == "parquet":  # as INT96 and DATE
        frame = frame.withColumn("trans_date_trans_time", frame["trans_date_trans_time"].cast("timestamp_ntz"))
        frame = frame.withColumn("dob", frame["dob"].cast("date"))
    frame.repartition(3).write.options(**options).format(kind).save(str(tmp_path / "out"))
    found = [row for one in expand([str(tmp_path / "out")]) for row in read(Path(one.name))]
    assert sorted(found, key=lambda row: row["trans_num"]) == ROWS
