"""`send` against an API that works: what is sent, counted, given back and resumed."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from client.errors import ClientError
from client.send.journal import Journal
from client.send.run import Summary
from tests.unit.client.conftest import HEADER, FakeStage, line
from tests.unit.client.fake_api import FakeApi

Send = Callable[..., Summary]
MakeFile = Callable[..., Path]


def journal_state(summary: Summary) -> tuple[Any, list[str]]:
    with Journal.open(Path(summary.journal)) as journal:
        return journal.totals(), list(journal.ids())


def test_every_row_is_sent_once_in_batches_of_the_size_asked_for(api: FakeApi, send: Send, make_file: MakeFile) -> None:
    summary = send(make_file(1_234), batch_size=100)
    assert (summary.rows, summary.accepted, summary.rejected) == (1_234, 1_234, 0)
    assert sorted(api.stored) == [f"t{i:06d}" for i in range(1_234)]
    assert sorted(len(rows) for _, rows in api.requests) == [34] + [100] * 12
    assert len({key for key, _ in api.requests}) == 13


def test_cells_go_out_as_the_text_they_are_and_without_the_columns_that_carry_nothing(
    api: FakeApi, send: Send, tmp_path: Path
) -> None:
    path = tmp_path / "kaggle.csv"
    path.write_text(f",{HEADER},unix_time\n0,{line(1, card='0630423337322', amount='2.50')},1325376018\n")
    send(path)
    ((_, (row,)),) = api.requests
    assert row["cc_num"] == "0630423337322"
    assert row["amt"] == "2.50"
    assert row["merchant"] == "fraud_Rippin, Kub and Mann"
    assert set(row) == set(HEADER.split(","))


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(api: FakeApi, send: Send, tmp_path: Path) -> None:
    path = tmp_path / "windows.csv"
    path.write_bytes(("\ufeff" + "\r\n".join([HEADER, line(0), "", line(1)])).encode())
    assert send(path).accepted == 2
    assert sorted(api.stored) == ["t000000", "t000001"]


def test_rejected_rows_come_back_with_line_field_and_reason_and_can_be_corrected_and_sent(
    api: FakeApi, send: Send, make_file: MakeFile, tmp_path: Path
) -> None:
    summary = send(make_file(60, bad={3, 44}), batch_size=20)
    assert (summary.accepted, summary.rejected) == (58, 2)
    assert summary.reasons == [{"field": "amt", "reason": "the amount is negative", "rows": 2}]
    path = tmp_path / "rejected.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["trans_num"], r["rejected_line"], r["rejected_field"]) for r in rows] == [
        ("t000003", "5", "amt"),
        ("t000044", "46", "amt"),
    ]
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(path.read_text().replace("-5.00", "5.00"))
    assert send(corrected).accepted == 2
    assert sorted(api.stored) == [f"t{i:06d}" for i in range(60)]


def test_a_file_without_rejected_rows_leaves_no_file_of_them(send: Send, make_file: MakeFile, tmp_path: Path) -> None:
    assert send(make_file(10)).rejected_file is None
    assert not (tmp_path / "rejected.csv").exists()


def test_a_request_in_which_every_row_is_rejected_is_an_answer_too(
    api: FakeApi, send: Send, make_file: MakeFile
) -> None:
    summary = send(make_file(6, bad=set(range(6))), batch_size=3)
    assert (summary.accepted, summary.rejected, summary.error) == (0, 6, None)
    assert api.stored == []


def test_a_row_that_is_not_utf8_or_has_other_cells_than_the_header_is_rejected_and_the_rest_is_sent(
    api: FakeApi, send: Send, tmp_path: Path
) -> None:
    path = tmp_path / "odd.csv"
    latin = line(1).replace("Jeff", "Ren\xe9").encode("latin-1")
    good = line(0).replace("Jeff", "Ren\xe9").encode()  # proves that the file is UTF-8, and the other row damaged
    path.write_bytes(b"\n".join([HEADER.encode(), good, latin, b"1,2,3", line(2).encode()]))
    summary = send(path)
    assert (summary.accepted, summary.rejected) == (2, 2)
    assert sorted(api.stored) == ["t000000", "t000002"]
    reasons = " ".join(str(r["reason"]) for r in summary.reasons)
    assert "not UTF-8" in reasons
    assert "3 cells, the header 21" in reasons
    assert b"Ren\xe9" in (tmp_path / "rejected.csv").read_bytes()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (line(0) + "\n", "has no header"),
        (HEADER.replace(",amt", "") + "\n", "missing: amt"),
        (HEADER + ",colour\n", "unknown: 'colour'"),
        (HEADER + ",cc_num\n", "twice: cc_num"),
    ],
)
def test_a_wrong_header_is_one_clear_error_and_nothing_is_sent(
    api: FakeApi, send: Send, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    with pytest.raises(ClientError, match=says):
        send(path)
    assert api.requests == []


def test_a_quote_that_is_never_closed_costs_its_own_row_only(send: Send, tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    bad = line(1).replace(' and Mann"', " and Mann")
    path.write_text("\n".join([HEADER, line(0), bad, *(line(i) for i in range(2, 50))]))
    summary = send(path)
    assert (summary.rows, summary.accepted, summary.rejected) == (50, 49, 1)
    assert "never closes" in str(summary.reasons)
    (row,) = csv.reader((tmp_path / "rejected.csv").read_text().splitlines()[1:])
    assert row[0] == "3"
    assert ",".join(row[3:]) == bad


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_is_one_clear_error(send: Send, tmp_path: Path, name: str) -> None:
    with pytest.raises(ClientError, match=r"Cannot read|is a folder"):
        send(tmp_path / name)


def test_a_parquet_file_is_sent_as_the_same_csv_would_be(api: FakeApi, send: Send, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO("\n".join([HEADER, *(line(i) for i in range(30))]))))
    numbers = {"cc_num": int, "zip": int, "city_pop": int, "is_fraud": int, "amt": float, "lat": float, "long": float}
    typed = [{k: numbers.get(k, str)(v) for k, v in row.items()} | {"Unnamed: 0": i} for i, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(typed), tmp_path / "file.parquet")
    assert send(tmp_path / "file.parquet").accepted == 30
    ((_, sent),) = api.requests
    assert sent == rows


def test_a_null_in_parquet_is_a_missing_value(api: FakeApi, send: Send, tmp_path: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(f"{HEADER}\n{line(0)}"))
    table = pa.Table.from_pylist([row, row | {"is_fraud": None, "trans_num": "t000001"}])
    pq.write_table(table, tmp_path / "nulls.parquet")
    send(tmp_path / "nulls.parquet")
    ((_, sent),) = api.requests
    assert ["is_fraud" in r for r in sent] == [True, False]


def test_a_card_number_is_exact_even_beyond_the_integers_of_a_double(api: FakeApi, send: Send, tmp_path: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(f"{HEADER}\n{line(0)}"))
    table = pa.Table.from_pylist([row | {"cc_num": 4999999999999999993}])
    pq.write_table(table, tmp_path / "long.parquet")
    send(tmp_path / "long.parquet")
    ((_, (sent,)),) = api.requests
    assert sent["cc_num"] == "4999999999999999993"


@pytest.mark.parametrize("second_size", [50, 7, 33, 500])
def test_sending_a_file_again_leaves_the_journal_as_it_was_whatever_the_batch_size(
    send: Send, make_file: MakeFile, second_size: int
) -> None:
    path = make_file(210, bad={0, 11, 49, 50, 209})
    first = send(path, batch_size=50)
    second = send(path, batch_size=second_size)
    assert first.journal == second.journal
    assert journal_state(first) == journal_state(second)
    assert journal_state(second)[0] == (210, 205, 5)
    assert (second.accepted, second.rejected, second.skipped) == (205, 5, 0)


def test_the_same_requests_again_are_known_to_the_api_and_counted_apart(
    api: FakeApi, send: Send, make_file: MakeFile
) -> None:
    path = make_file(100)
    send(path, batch_size=20)
    again = send(path, batch_size=20)
    assert again.resent == 100
    assert len(api.stored) == 100


def test_again_puts_every_row_on_the_stream_though_the_api_has_answered_the_same_request_before(
    api: FakeApi, send: Send, make_file: MakeFile
) -> None:
    path = make_file(100)
    first = send(path, batch_size=20)
    again = send(path, batch_size=20, again=True)
    assert (again.resent, again.accepted) == (0, 100)
    assert len({key for key, _ in api.requests}) == 10
    assert journal_state(again) == journal_state(first)


def test_again_and_resume_contradict_each_other(send: Send, make_file: MakeFile) -> None:
    with pytest.raises(ClientError, match="give one of them"):
        send(make_file(1), again=True, resume=True)


def test_resume_sends_only_what_was_not_acknowledged(
    api: FakeApi, send: Send, make_file: MakeFile, tmp_path: Path
) -> None:
    path = make_file(100, bad={5, 70})
    first = send(path, batch_size=10)
    with Journal.open(Path(first.journal)) as journal:
        journal._database.execute("DELETE FROM batch WHERE first_row IN (20, 30, 70, 90)")
    api.requests.clear()
    (tmp_path / "rejected.csv").unlink()
    second = send(path, batch_size=15, resume=True)
    sent = sorted(row["trans_num"] for _, rows in api.requests for row in rows)
    assert sent == [f"t{i:06d}" for i in [*range(20, 40), *range(70, 80), *range(90, 100)]]
    assert (second.skipped, second.accepted, second.rejected) == (60, 98, 2)
    assert journal_state(second)[0] == (100, 98, 2)
    assert (tmp_path / "rejected.csv").read_text().count("the amount is negative") == 2


def test_resume_of_a_file_that_was_never_sent_sends_all(send: Send, make_file: MakeFile) -> None:
    summary = send(make_file(12), resume=True)
    assert (summary.skipped, summary.accepted) == (0, 12)


def test_another_content_is_another_journal_and_the_same_content_under_another_name_is_not(
    send: Send, make_file: MakeFile
) -> None:
    one = send(make_file(10))
    assert send(make_file(10, name="copy.csv")).journal == one.journal
    assert send(make_file(11)).journal != one.journal


@pytest.fixture
def stdin() -> Iterator[Callable[[bytes], None]]:
    """Puts bytes on a pipe that is standard input."""

    def feed(data: bytes) -> None:
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        os.dup2(reading, 0)
        os.close(reading)

    saved = os.dup(0)
    yield feed
    os.dup2(saved, 0)
    os.close(saved)


def test_standard_input_is_journaled_under_its_content_as_a_file_would_be(
    send: Send, make_file: MakeFile, stdin: Callable[[bytes], None]
) -> None:
    path = make_file(40, bad={1})
    stdin(path.read_bytes())
    piped = send("-", batch_size=9)
    assert piped.accepted == 39
    stdin(path.read_bytes())
    again = send("-", batch_size=16)
    assert send(path).journal == again.journal == piped.journal
    assert journal_state(piped)[0] == (40, 39, 1)
    assert [p.name for p in Path(piped.journal).parent.iterdir()] == [Path(piped.journal).name]


def test_standard_input_cannot_be_resumed(send: Send) -> None:
    with pytest.raises(ClientError, match="--resume needs a file"):
        send("-", resume=True)


def test_the_journal_and_its_folder_are_private_and_hold_no_card_number(
    send: Send, make_file: MakeFile, stage: FakeStage
) -> None:
    journal = Path(send(make_file(20, bad={2})).journal)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700
    assert b"4992346398065154" not in journal.read_bytes()


def test_a_broken_journal_is_one_clear_error(send: Send, make_file: MakeFile) -> None:
    path = make_file(5)
    journal = Path(send(path).journal)
    journal.write_bytes(b"not a database at all, but long enough to look at" * 50)
    with pytest.raises(ClientError, match=r"is damaged: .*Remove it to send from the start"):
        send(path)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"batch_size": 0}, "--batch-size"),
        ({"batch_size": 1001}, "--batch-size"),
        ({"workers": 0}, "--workers"),
        ({"rate": 0.0}, "--rate"),
        ({"retry_deadline": -1.0}, "--retry-deadline"),
    ],
)
def test_options_out_of_range_are_refused(send: Send, make_file: MakeFile, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ClientError, match=says):
        send(make_file(1), **options)
