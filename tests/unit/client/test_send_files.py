"""`swipeline send` and `inspect` of files of all kinds: what is counted, what comes back, and what goes in again."""

from __future__ import annotations

import csv
import gzip
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from client import cli
from client.commands import send as command
from client.errors import ClientError
from client.files.mapping import Reading
from client.send.journal import Journal
from client.send.run import Summary
from tests.unit.client.conftest import HEADER, FakeStage, line
from tests.unit.client.fake_api import FakeApi, Fault
from tests.unit.client.files.tables import csv_text, row, rows

Send = Callable[..., Summary]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(stage: FakeStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """``run("send", path)``: exit code, standard output, standard error."""
    monkeypatch.setattr(command, "Stage", lambda name: stage)
    monkeypatch.chdir(tmp_path)

    def call(*args: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["swipeline", *map(str, args)])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        out, err = capfd.readouterr()
        return int(exit.value.code or 0), out, err

    return call


def test_a_row_with_a_comma_that_is_not_quoted_comes_back_whole_is_corrected_there_and_sent(
    api: FakeApi, send: Send, tmp_path: Path
) -> None:
    path = tmp_path / "file.csv"
    bad = line(1).replace('"fraud_Rippin, Kub and Mann"', "fraud_Rippin, Kub and Mann")
    path.write_text("\n".join([HEADER, line(0), bad, line(2)]))
    assert (send(path).accepted, len(api.stored)) == (2, 2)
    rejected = tmp_path / "rejected.csv"
    corrected = rejected.read_text().replace("fraud_Rippin, Kub and Mann", '"fraud_Rippin, Kub and Mann"')
    assert corrected != rejected.read_text()
    (tmp_path / "corrected.csv").write_text(corrected)
    assert send(tmp_path / "corrected.csv", rejected=tmp_path / "second.csv").accepted == 1
    assert sorted(api.stored) == ["t000000", "t000001", "t000002"]


def test_a_rejected_file_that_is_sent_again_gives_a_second_one_with_its_own_lines(send: Send, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    long = line(1) + ",more,and more"
    path.write_text("\n".join([HEADER, line(0), long, line(2, amount="-5.00")]))
    send(path)
    first = tmp_path / "rejected.csv"
    send(first, rejected=tmp_path / "second.csv")
    one, two = (list(csv.reader((tmp_path / name).read_text().splitlines())) for name in ("rejected.csv", "second.csv"))
    assert [record[0] for record in one] == ["rejected_line", "3", "4"]
    assert [record[0] for record in two] == ["rejected_line", "2", "3"]
    assert [record[3:] for record in one] == [record[3:] for record in two]
    assert two[1][-2:] == ["more", "and more"]


def test_a_file_of_rejected_rows_that_was_read_with_a_mapping_carries_it_along(
    api: FakeApi, send: Send, tmp_path: Path
) -> None:
    content = [one | {"amount_usd": one["amt"]} for one in rows(3)]
    for one in content:
        del one["amt"]
    content[1]["amount_usd"] = "-1.00"
    path = tmp_path / "file.csv"
    path.write_bytes(csv_text(content, delimiter=";").encode("utf-16"))
    send(path, reading=Reading(columns={"amt": "amount_usd"}))
    rejected = tmp_path / "rejected.csv"
    rejected.write_text(rejected.read_text().replace("-1.00", "1.00"))
    assert send(rejected, rejected=tmp_path / "second.csv").accepted == 1
    assert sorted(api.stored) == ["t000000", "t000001", "t000002"]


def test_rejected_rows_of_any_text_can_be_written(send: Send, tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    odd = json.dumps(row(0, first="\ud83d", amt="-1"))
    path.write_text("\n".join([odd, "not json", json.dumps(row(1))]))
    summary = send(path)
    assert (summary.rows, summary.accepted, summary.rejected) == (3, 1, 2)
    assert "\\ud83d" in (tmp_path / "rejected.csv").read_text()


def test_a_folder_for_rejected_rows_that_does_not_exist_is_said_before_anything_is_sent(
    api: FakeApi, send: Send, tmp_path: Path, make_file: Callable[..., Path]
) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        send(make_file(5, bad={1}), rejected=tmp_path / "none" / "rejected.csv")
    assert api.requests == []


def test_what_other_workers_had_acknowledged_is_in_the_journal_when_rejected_rows_cannot_be_written(
    api: FakeApi, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: FakeStage
) -> None:
    path = tmp_path / "file.csv"
    cards = [str(4111111111111111 + number % 40) for number in range(200)]
    lines = [line(i, card=card, amount="-1" if i == 3 else "1") for i, card in enumerate(cards)]
    path.write_text("\n".join([HEADER, *lines]))

    def broken(*_: object) -> None:
        raise ClientError("no space left")

    monkeypatch.setattr("client.send.rejected.RejectedRows.add", broken)
    with pytest.raises(ClientError, match="no space left"):
        send(path, batch_size=5)
    (journal,) = stage.journals.glob("*.sqlite")
    with Journal.open(journal) as opened:
        assert opened.totals().accepted == len(api.stored) > 0


def test_every_row_is_accepted_rejected_or_not_sent_when_the_api_stays_away(
    api: FakeApi, send: Send, make_file: Callable[..., Path]
) -> None:
    api.fault = lambda number: Fault(status=500) if number > 2 else None
    summary = send(make_file(500, bad={3}), batch_size=10, workers=1, retry_deadline=0.1)
    assert summary.error
    assert summary.rows == 500
    assert summary.accepted + summary.rejected + summary.not_sent == 500
    assert summary.not_sent > 400


def test_what_was_read_before_a_file_breaks_off_is_sent_and_the_break_is_said(
    api: FakeApi, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.files.table.SAMPLE", 10)
    path = tmp_path / "file.json"
    path.write_text(json.dumps(rows(4_000))[:-900])
    summary = send(path)
    assert "not complete JSON" in (summary.error or "")
    assert summary.accepted == len(api.stored) == summary.rows > 3_900


def test_several_files_a_folder_a_pattern_and_an_archive_are_sent_one_after_the_other(
    api: FakeApi, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text(csv_text(rows(2)))
    (folder / "part-0.csv.gz").write_bytes(gzip.compress(csv_text([row(2)]).encode()))
    (folder / "_SUCCESS").write_text("")
    (folder / ".a.csv.crc").write_text("x")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("train.csv", csv_text([row(3)]))
        archive.writestr("test.csv", csv_text([row(4)]))
        archive.writestr("README.md", "x")
    code, out, err = run("send", folder, "--json")
    assert (code, [one["rows"] for one in json.loads(out)]) == (0, [2, 1]), err
    code, _, err = run("send", tmp_path / "archive.zip", "data/*.csv")
    assert code == 0
    assert "3 files, 4 rows: 4 accepted, 0 rejected" in err
    assert sorted(set(api.stored)) == [f"t{i:06d}" for i in range(5)]


def test_no_file_is_sent_if_one_of_them_cannot_be(api: FakeApi, run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(csv_text(rows(2)))
    (tmp_path / "b.csv").write_text("<html>")
    code, _, err = run("send", "a.csv", "b.csv")
    assert (code, api.requests) == (1, [])
    assert "HTML page" in err


def test_inspect_says_what_a_file_is_and_ends_with_the_command_that_sends_it(run: Run, tmp_path: Path) -> None:
    content = [*rows(5), row(1), row(6, amt="1.234")]
    (tmp_path / "mine.csv.gz").write_bytes(gzip.compress(csv_text(content, delimiter=";").encode("utf-16")))
    code, out, _ = run("inspect", "mine.csv.gz")
    assert code == 0
    assert "delimiter ;" in out
    assert "UTF-16" in out
    assert "gzip" in out
    assert "7 rows" in out
    assert "1 would be refused" in out
    assert "1 rows have a transaction id that an earlier row has" in out
    assert out.splitlines()[-1] == "Next: swipeline send mine.csv.gz"
    assert "4111111111111111" not in out
    code, out, _ = run("inspect", "mine.csv.gz", "--json")
    assert json.loads(out)["rows"] == 7


def test_inspect_ends_with_the_options_that_a_file_needs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(csv_text([one | {"merch_zipcode": "28705"} for one in rows(3)]))
    code, out, _ = run("inspect", "mine.csv")
    assert code == 1
    assert out.splitlines()[-1] == "Next: swipeline send mine.csv --drop merch_zipcode"
    code, out, _ = run("inspect", "mine.csv", "--drop", "merch_zipcode")
    assert (code, out.splitlines()[-1]) == (0, "Next: swipeline send mine.csv --drop merch_zipcode")


def test_a_suggested_mapping_is_kept_beside_the_file_and_used_by_send(api: FakeApi, run: Run, tmp_path: Path) -> None:
    content = [{("amount_usd" if name == "amt" else name): value for name, value in one.items()} for one in rows(3)]
    (tmp_path / "mine.csv").write_text(csv_text(content))
    assert run("send", "mine.csv")[0] == 1
    code, out, _ = run("inspect", "mine.csv", "--suggest", "--save")
    assert code == 0
    assert 'amt = "amount_usd"' in out
    assert run("send", "mine.csv")[0] == 0
    assert len(api.stored) == 3
    assert run("inspect", "mine.csv", "--suggest", "--save")[0] == 1  # one that is there is not overwritten
