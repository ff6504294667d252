"""Kinesis records on disk: there after a restart, gone after their retention, and damage is found before it is used."""

from __future__ import annotations

import base64
import random
from pathlib import Path
from typing import Any

import pytest

from local.kinesis.install import FILE, Kinesis
from local.kinesis.store import DamagedStoreError
from local.kinesis.streams import Streams
from local.tests.unit.embedded_kinesis import RefusedByKinesisError, call, embedded_kinesis

NAME = "payments"
SHARD = "shardId-000000000000"


def put(*texts: str) -> list[str]:
    records = [{"Data": base64.b64encode(text.encode()).decode(), "PartitionKey": "k"} for text in texts]
    return [one["SequenceNumber"] for one in call("_put_records", StreamName=NAME, Records=records)["Records"]]


def read(kind: str = "TRIM_HORIZON", shard_id: str = SHARD, **where: Any) -> list[str]:
    asked = call("_get_shard_iterator", StreamName=NAME, ShardId=shard_id, ShardIteratorType=kind, **where)
    found = call("_get_records", ShardIterator=asked["ShardIterator"])["Records"]
    return [base64.b64decode(record["Data"]).decode() for record in found]


def test_streams_shards_and_records_outlive_the_process_without_a_snapshot(tmp_path: Path) -> None:
    with embedded_kinesis(tmp_path):
        call("_create_stream", StreamName=NAME, ShardCount=1)
        first, _ = put("one", "two")
        call("_split_shard", StreamName=NAME, ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
        call("_increase_retention", StreamName=NAME, RetentionPeriodHours=48)
        before = call("_describe_stream", StreamName=NAME)["StreamDescription"]
    with embedded_kinesis(tmp_path):
        assert read() == ["one", "two"]
        assert read("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=first) == ["two"]
        after = call("_describe_stream", StreamName=NAME)["StreamDescription"]
        assert after | {"StreamStatus": ""} == before | {"StreamStatus": ""}
        assert int(put("three")[0]) > int(first)


def test_memory_holds_no_record(tmp_path: Path) -> None:
    from ministack.services import kinesis

    with embedded_kinesis(tmp_path):
        call("_create_stream", StreamName=NAME, ShardCount=1)
        put("a payment", "another")
        assert kinesis._streams[NAME]["shards"][SHARD]["records"] == []
        assert not kinesis._shard_iterators
        assert "payment" not in str(kinesis.get_state()).replace(NAME, "")


def test_a_record_is_gone_once_its_retention_is_over_and_its_room_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.kinesis.streams._EXPIRE_EVERY_SECONDS", 0.0)
    with embedded_kinesis(tmp_path) as embedded:
        call("_create_stream", StreamName=NAME, ShardCount=1)
        for _ in range(10):
            put(*["x" * 10_000] * 100)
        table = call_table()
        new = put("new")[0]
        real = Streams.cutoff
        last = embedded.store.last(table)
        monkeypatch.setattr(Streams, "cutoff", lambda self, stream: max(real(self, stream), last))
        assert read() == ["new"]
        for _ in range(10):
            read()
        embedded.store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert (tmp_path / FILE).stat().st_size < 1_000_000
        assert read("AT_SEQUENCE_NUMBER", StartingSequenceNumber=new) == ["new"]


def call_table() -> int:
    from ministack.services import kinesis

    return int(kinesis._streams[NAME]["shards"][SHARD]["table"])


def test_a_put_that_cannot_be_kept_is_refused_and_the_next_one_is_taken(tmp_path: Path) -> None:
    with embedded_kinesis(tmp_path) as embedded:
        call("_create_stream", StreamName=NAME, ShardCount=1)
        put("one")
        pages = embedded.store._db.execute("PRAGMA page_count").fetchone()[0]
        embedded.store._db.execute(f"PRAGMA max_page_count={pages}")  # a full disk
        with pytest.raises(RefusedByKinesisError) as error:
            put("x" * 500_000)
        assert error.value.code == "InternalFailure"
        with pytest.raises(RefusedByKinesisError, match="InternalFailure"):
            call("_split_shard", StreamName=NAME, ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
        embedded.store._db.execute("PRAGMA max_page_count=1000000")
        put("two")
        assert read() == ["one", "two"]


def test_a_deleted_streams_records_do_not_come_back_under_its_name(tmp_path: Path) -> None:
    with embedded_kinesis(tmp_path):
        call("_create_stream", StreamName=NAME, ShardCount=1)
        put("old")
        token = call("_get_shard_iterator", StreamName=NAME, ShardId=SHARD, ShardIteratorType="TRIM_HORIZON")
        call("_delete_stream", StreamName=NAME)
        call("_create_stream", StreamName=NAME, ShardCount=1)
        assert read() == []
        with pytest.raises(RefusedByKinesisError, match="ResourceNotFoundException"):
            call("_get_records", ShardIterator=token["ShardIterator"])


def filled(folder: Path) -> bytes:
    with embedded_kinesis(folder):
        call("_create_stream", StreamName=NAME, ShardCount=2)
        for number in range(20):
            put(*[f"record {number} " * 50] * 5)
    return (folder / FILE).read_bytes()


def contents(folder: Path, saved: dict[str, Any] | None = None) -> list[str]:
    with embedded_kinesis(folder, saved):
        return sorted(read() + read(shard_id="shardId-000000000001"))


def test_no_damage_to_the_file_goes_unnoticed(tmp_path: Path) -> None:
    whole = filled(tmp_path)
    expected = contents(tmp_path)
    draw = random.Random(7)
    found = 0
    for trial in range(60):
        damaged = bytearray(whole)
        if trial % 3 == 0:
            del damaged[-draw.randint(1, 100) :]
        else:
            at = draw.randrange(len(damaged) - 4)
            damaged[at : at + 4] = bytes(byte ^ 0xFF for byte in damaged[at : at + 4])
        folder = tmp_path / str(trial)
        folder.mkdir()
        (folder / FILE).write_bytes(damaged)
        try:
            read_back = contents(folder)
        except DamagedStoreError as error:
            found += FILE in str(error) and (folder / FILE).read_bytes() == damaged  # named, and left as it was
        else:
            assert read_back == expected, f"trial {trial}: records are missing or changed, and nobody says so"
    assert found > 30


def test_a_file_that_is_gone_or_empty_is_missed(tmp_path: Path) -> None:
    from ministack.services import kinesis

    with embedded_kinesis(tmp_path):
        call("_create_stream", StreamName=NAME, ShardCount=1)
        put("one")
        saved = kinesis.get_state()
    for damage in (Path.unlink, lambda path: path.write_bytes(b"")):
        damage(tmp_path / FILE)
        with pytest.raises(DamagedStoreError, match=NAME), embedded_kinesis(tmp_path, saved):
            pass


def test_a_stream_of_an_earlier_release_continues_where_its_consumers_were(tmp_path: Path) -> None:
    from ministack.services import kinesis

    kinesis._create_stream({"StreamName": NAME, "ShardCount": 2})  # MiniStack's own, as releases before this one
    old = [
        record["SequenceNumber"]
        for number in range(6)
        for record in [call("_put_record", StreamName=NAME, Data=_base64(str(number)), PartitionKey=str(number))]
    ]
    home = {name: list(shard["records"]) for name, shard in kinesis._streams[NAME]["shards"].items()}
    saved = kinesis.get_state()
    kinesis._streams._data.clear()
    for _ in range(2):  # the second time from the store
        with embedded_kinesis(tmp_path, saved):
            for shard_id, records in home.items():
                texts = [base64.b64decode(record["Data"]).decode() for record in records]
                assert read(shard_id=shard_id) == texts
                for number, record in enumerate(records):
                    where = {"StartingSequenceNumber": record["SequenceNumber"]}
                    assert read("AFTER_SEQUENCE_NUMBER", shard_id, **where) == texts[number + 1 :]
            assert int(put("new")[0]) > int(old[-1])
        home = {name: [] for name in home} and {}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_what_cloudformation_makes_changes_and_removes_is_stored(tmp_path: Path) -> None:
    from ministack.services import kinesis
    from ministack.services.cloudformation import provisioners

    def handlers_of(embedded: Kinesis) -> dict[str, Any]:
        handlers = dict(provisioners._RESOURCE_HANDLERS)
        embedded.install(handlers)
        return dict(handlers["AWS::Kinesis::Stream"])

    with embedded_kinesis(tmp_path) as embedded:
        stack = handlers_of(embedded)
        one = {"Name": NAME, "ShardCount": 1}
        stack["create"]("Stream", one, "s")
        put("kept")
        stack["update"](NAME, one, one | {"ShardCount": 2, "RetentionPeriodHours": 48}, "s")
        put("behind")
    with embedded_kinesis(tmp_path):
        described = call("_describe_stream", StreamName=NAME)["StreamDescription"]
        assert described["RetentionPeriodHours"] == 48
        assert [len(read(shard_id=shard["ShardId"])) for shard in described["Shards"]] in ([1, 1, 0], [1, 0, 1])
    with embedded_kinesis(tmp_path) as embedded:
        stack = handlers_of(embedded)
        stack["create"]("Stream", one, "s")
        assert read() == [], "a stream that is made again is empty"
        assert put("new")
        stack["delete"](NAME, one)
        assert embedded.store.streams() == []
        assert not kinesis._streams._data
