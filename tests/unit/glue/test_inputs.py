"""Which objects a run takes, and that an object that is loaded is not taken again."""

from __future__ import annotations

import gzip
from typing import Any

import boto3
import pytest

from glue import inputs
from glue.header import InputError
from glue.loads import LOADED, TRANSFORMED, Loads
from tests.unit.glue.lines import COLUMNS, header, line


@pytest.fixture
def s3(aws: None) -> Any:
    return boto3.client("s3")


@pytest.fixture
def loads(aws: None) -> Loads:
    return Loads(boto3.client("dynamodb"), "loads")


def put(s3: Any, key: str, body: bytes = b"x") -> None:
    s3.put_object(Bucket="raw", Key=key, Body=body)


def test_a_prefix_gives_its_csv_files_and_nothing_else(s3: Any) -> None:
    for key in ("in/b.csv.gz", "in/a.csv", "in/readme.txt", "other/c.csv"):
        put(s3, key)
    assert [item.url for item in inputs.find(s3, "s3://raw/in/")] == ["s3://raw/in/a.csv", "s3://raw/in/b.csv.gz"]


def test_a_key_gives_that_object_and_not_those_that_begin_like_it(s3: Any) -> None:
    put(s3, "in/a.csv")
    put(s3, "in/a.csv.gz")
    assert [item.url for item in inputs.find(s3, "s3://raw/in/a.csv")] == ["s3://raw/in/a.csv"]


@pytest.mark.parametrize("key", ["in/none.csv", "in/notes.txt"])
def test_a_key_that_is_not_there_or_no_csv_is_an_error_that_says_so(s3: Any, key: str) -> None:
    put(s3, "in/notes.txt")
    with pytest.raises(InputError, match=key):
        inputs.find(s3, f"s3://raw/{key}")


def test_headers_are_read_from_plain_and_gzip_files(s3: Any) -> None:
    content = b"\n".join([header(), *[line()] * 5000])
    put(s3, "in/a.csv", content)
    put(s3, "in/b.csv.gz", gzip.compress(content))
    found, wrong = inputs.headers(s3, inputs.find(s3, "s3://raw/in/"))
    assert wrong == {}
    assert {tuple(columns) for columns in found.values()} == {COLUMNS}
    assert len(found) == 2


def test_every_file_that_has_drifted_is_named_at_once(s3: Any) -> None:
    put(s3, "in/a.csv", b"amt,gender\n")
    put(s3, "in/b.csv", b"")
    put(s3, "in/c.csv.gz", b"no gzip")
    put(s3, "in/d.csv", header() + b"\n")
    found, wrong = inputs.headers(s3, inputs.find(s3, "s3://raw/in/"))
    assert list(found) == ["s3://raw/in/d.csv"]
    for text, said in zip(wrong.values(), ("missing column", "is empty", "is not gzip"), strict=True):
        assert said in text


def test_an_object_is_taken_until_its_run_is_loaded(s3: Any, loads: Loads) -> None:
    put(s3, "in/a.csv")
    objects = inputs.find(s3, "s3://raw/in/")
    loads.take("run-1", objects)
    loads.record("run-1", TRANSFORMED, {"rows": 1}, {})
    assert loads.not_loaded(objects) == (objects, [])
    loads.record("run-1", LOADED, {"rows": 1}, {})
    assert loads.not_loaded(objects) == ([], ["run-1"])


def test_an_object_whose_content_has_changed_is_taken_again(s3: Any, loads: Loads) -> None:
    put(s3, "in/a.csv", b"one")
    loads.take("run-1", inputs.find(s3, "s3://raw/in/"))
    loads.record("run-1", LOADED, {}, {})
    put(s3, "in/a.csv", b"two")
    changed = inputs.find(s3, "s3://raw/in/")
    assert loads.not_loaded(changed) == (changed, [])


def test_what_another_run_refused_is_left_out_until_its_content_changes(s3: Any, loads: Loads) -> None:
    put(s3, "in/a.csv", b"amount\n1.00\n")
    refused = inputs.find(s3, "s3://raw/in/")
    loads.refuse("run-1", refused, {refused[0].url: "missing column amt"})
    assert loads.not_refused("run-1", refused) == refused, "a retry of the same run reports it again"
    assert loads.not_refused("run-2", refused) == []
    assert loads.not_loaded(refused) == (refused, [])
    put(s3, "in/a.csv", b"amt\n1.00\n")
    mended = inputs.find(s3, "s3://raw/in/")
    assert loads.not_refused("run-2", mended) == mended
    loads.take("run-3", refused)
    assert loads.not_refused("run-4", refused) == refused, "a run of its own has taken it since: by a later release"


def test_more_objects_than_one_question_takes_are_asked_for_in_several(s3: Any, loads: Loads) -> None:
    objects = [inputs.RawObject(f"s3://raw/in/{number:03}.csv", "etag", 1) for number in range(230)]
    loads.take("run-1", objects[:215])
    loads.record("run-1", LOADED, {}, {})
    assert loads.not_loaded(objects) == (objects[215:], ["run-1"])


@pytest.mark.parametrize("name", ["run_id", "status"])
@pytest.mark.parametrize("value", [None, {"N": "7"}, {"M": {}}])
def test_a_damaged_item_of_the_table_of_loads_has_its_object_loaded_again_and_stops_no_other(
    s3: Any, loads: Loads, caplog: pytest.LogCaptureFixture, name: str, value: dict[str, Any] | None
) -> None:
    put(s3, "in/a.csv", b"one")
    put(s3, "in/b.csv", b"two")
    first, other = inputs.find(s3, "s3://raw/in/")
    for run, item in (("run-1", first), ("run-2", other)):
        loads.take(run, [item])
        loads.record(run, LOADED, {}, {})
    key = f"{first.url}#{first.etag}" if name == "run_id" else "run#run-1"
    item = loads._dynamodb.get_item(TableName=loads._table, Key={"load": {"S": key}})["Item"]
    item.pop(name)
    loads._put(item | ({name: value} if value else {}))
    assert loads.not_loaded([first, other]) == ([first], ["run-2"])
    assert key in caplog.text


def test_a_refusal_that_cannot_be_read_is_tried_again(s3: Any, loads: Loads) -> None:
    put(s3, "in/a.csv")
    objects = inputs.find(s3, "s3://raw/in/")
    loads.refuse("run-1", objects, {objects[0].url: "drifted"})
    assert loads.not_refused("run-2", objects) == []
    loads._put({"load": {"S": f"{objects[0].url}#{objects[0].etag}"}, "refused": {"S": "drifted"}})
    assert loads.not_refused("run-2", objects) == objects
