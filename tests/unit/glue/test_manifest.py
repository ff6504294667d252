"""The manifest says to COPY: these files, all of them, of this length."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from glue.arguments import Arguments, read
from glue.manifest import manifest
from glue.storage import File, address_of, split_url


def test_every_file_is_mandatory_and_has_its_length() -> None:
    entries = json.loads(manifest([File("s3://lake/a.parquet", 5), File("s3://lake/b.parquet", 7)]))["entries"]
    assert [entry["url"] for entry in entries] == ["s3://lake/a.parquet", "s3://lake/b.parquet"]
    assert all(entry["mandatory"] is True for entry in entries)
    assert [entry["meta"] for entry in entries] == [{"content_length": 5}, {"content_length": 7}]


def test_a_manifest_without_files_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        manifest([])


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("s3://lake/a%20b/c.csv", ""),
        ("file:/mnt/x/lake/a%20b/c.csv", "/mnt/x"),
        ("file:///mnt/x/lake/a%20b/c.csv", "/mnt/x"),
    ],
)
def test_a_path_as_spark_names_it_becomes_its_address(path: str, mount: str) -> None:
    assert address_of(path, mount) == "s3://lake/a b/c.csv"


def test_an_address_must_be_one_of_s3() -> None:
    assert split_url("s3://lake/a/b") == ("lake", "a/b")
    with pytest.raises(ValueError, match="not an s3:// address"):
        split_url("/lake/a")


def test_glue_s_own_arguments_are_left_alone_and_a_missing_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    names = [field.name for field in fields(Arguments) if field.name != "s3_mount"]
    pairs = [part for name in names for part in (f"--{name}", f"a {name}")]
    assert read([*pairs, "--enable-metrics", "true", "--TempDir", "s3://t/"]).raw_path == "a raw_path"
    with pytest.raises(SystemExit):
        read(pairs[2:])
    assert "--JOB_NAME" in capsys.readouterr().err
