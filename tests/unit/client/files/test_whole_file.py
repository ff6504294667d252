"""What a file is refused for as a whole, with the proof and the option that decides; and what is only said."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from client.errors import ClientError
from tests.unit.client.files.tables import csv_text, open_table, read, rows

ROUNDED = "2291163933867240"  # of 2291163933867244, by a spreadsheet


def write(tmp_path: Path, content: list[dict[str, str]], **dialect: Any) -> Path:
    path = tmp_path / "file.csv"
    path.write_text(csv_text(content, **dialect))
    return path


def changed(**changes: Any) -> list[dict[str, str]]:
    """Rows with a value, or a function of the row's number, in some columns."""
    return [
        row | {name: value(number) if callable(value) else value for name, value in changes.items()}
        for number, row in enumerate(rows(12))
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (changed(trans_date_trans_time=lambda n: f"{n + 1:02d}/02/2019 10:00"), "January 2, 2019.*--dates day-first"),
        (changed(dob="03/04/1988"), r"dob can be read in more than one way.*--dates month-first"),
        (
            changed(trans_date_trans_time=lambda n: "25/02/2019 10:00" if n else "02/25/2019 10:00"),
            "mixes orders of day and month",
        ),
        (changed(cc_num=lambda n: ROUNDED if n in (3, 7) else "4111111111111111"), "rounded.*line 5.*--accept-rounded"),
        (changed(cc_num="2.29E+15"), "scientific notation"),
        (changed(amt="10,97"), "--decimal-comma"),
        (changed(trans_date_trans_time=lambda n: f"2019-01-01 00:00:{n:02d}{'Z' if n % 2 else ''}"), "--time-zone UTC"),
        (changed(unix_time=lambda n: str(1546318800 + n)), "times look local.*UTC-05:00.*--time-zone"),
        (changed(merch_zipcode="28705.0"), "unknown: 'merch_zipcode'.*--drop merch_zipcode"),
        (changed(index="a"), "unknown: 'index'"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_proof_and_option(
    tmp_path: Path, content: list[dict[str, str]], says: str
) -> None:
    with pytest.raises(ClientError, match=says):
        open_table(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "how", "expected"),
    [
        (
            changed(trans_date_trans_time="01/02/2019 10:00"),
            {"dates": "day-first"},
            {"trans_date_trans_time": "2019-02-01 10:00:00"},
        ),
        (changed(dob="03/04/1988"), {"dates": "month-first"}, {"dob": "1988-03-04"}),
        (changed(cc_num=ROUNDED), {"accept_rounded_card_numbers": True}, {"cc_num": ROUNDED}),
        (changed(amt="1.210,97"), {"decimal_comma": True}, {"amt": "1210.97", "lat": "48.8878"}),
        (
            changed(trans_date_trans_time="2019-07-01 10:00:00"),
            {"time_zone": "America/New_York"},
            {"trans_date_trans_time": "2019-07-01 14:00:00Z"},
        ),
        (changed(merch_zipcode="28705.0"), {"drop": ("merch_zipcode",)}, {"zip": "02138"}),
        (changed(amt="1097"), {"amount_unit": "cents"}, {"amt": "10.97"}),
        (changed(is_fraud="NA"), {}, {}),
    ],
)
def test_the_option_decides(
    tmp_path: Path, content: list[dict[str, str]], how: dict[str, Any], expected: dict[str, str]
) -> None:
    found = read(write(tmp_path, content), **how)
    assert len(found) == 12
    assert found[0].items() >= expected.items()
    assert "merch_zipcode" not in found[0]


def test_dates_that_the_file_proves_are_read_and_that_is_said(tmp_path: Path) -> None:
    content = changed(trans_date_trans_time=lambda n: f"{n + 10:02d}/02/2019 10:00")
    table = open_table(write(tmp_path, content))
    assert "day-first" in " ".join(table.notes)
    assert read(write(tmp_path, content))[0]["trans_date_trans_time"] == "2019-02-10 10:00:00"


def test_numbers_without_check_digits_are_not_taken_for_rounded(tmp_path: Path) -> None:
    content = changed(cc_num=lambda n: str(4999999999999990 + n))
    assert len(read(write(tmp_path, content))) == 12


def test_a_few_rounded_numbers_among_many_are_a_warning(tmp_path: Path) -> None:
    content = rows(100)
    content[50]["cc_num"] = ROUNDED
    (warning,) = open_table(write(tmp_path, content)).warnings
    assert "line 52" in warning


def test_rounded_numbers_far_behind_the_first_rows_are_found_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.files.table.SAMPLE", 10)
    content = rows(2_000)
    for row in content[1_500:]:
        row["cc_num"] = ROUNDED
    with pytest.raises(ClientError, match="line 1502"):
        open_table(write(tmp_path, content))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "is empty but for blank lines"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "git lfs pull"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"\.xls"),
        (b"%PDF-1.7", "PDF"),
        (b"PAR1" + bytes(90), "incomplete Parquet"),
        (b"PK\x03\x04" + bytes(90), "incomplete zip"),
        (gzip.compress(csv_text(rows(900)).encode())[:-30], "incomplete gzip"),
        (b'{"a": {"0": 1, "1": 2}}', "orient='records'"),
        (b"[1, 2]", "no header"),
        (b"PARE" + bytes(90) + b"PARE", "encrypted Parquet"),
        (b"<table><tr><td>amt</td></tr></table>", "HTML page"),
        (b'{"amt": [1, 2], "cc_num": ["4111111111111111"]}', "a list per column"),
        (b"amt         cc_num              dob\n1.00        4111111111111111    1978-06-21\n", "fixed width"),
        (csv_text(rows(3)).replace("merch_lat", "lat", 1).encode(), "rename one of the columns"),
        (b"col_a,col_b\n1,2\n", "no header.*inspect .* --suggest"),
    ],
)
def test_a_file_that_is_no_table_is_named_for_what_it_is(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    with pytest.raises(ClientError, match=says):
        open_table(path)


def test_an_eight_bit_encoding_is_read_if_the_file_proves_it_and_named_if_not(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(csv_text(changed(first="René")).encode("windows-1252"))
    assert read(path)[0]["first"] == "René"
    path.write_bytes(csv_text(changed(first="São")).encode("windows-1252"))
    with pytest.raises(ClientError, match=r"Latin-1/Windows-1252.*'São'.*--encoding windows-1252"):
        open_table(path)
    assert read(path, encoding="windows-1252")[0]["first"] == "São"


@pytest.mark.parametrize(
    "name", ["Unnamed: 0.1", "Unnamed: 0.1.1", "_c0", "index", "__index_level_0__", "column00", "level_0", "...1", "X"]
)
def test_row_numbers_that_tools_add_are_left_out(tmp_path: Path, name: str) -> None:
    content = [{name: str(number)} | row for number, row in enumerate(rows(12))]
    assert read(write(tmp_path, content)) == rows(12)


def test_characters_that_nobody_sees_around_a_name_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(csv_text(rows(3)).replace("amt", "\u200bamt\u00a0", 1))
    assert len(read(path)) == 3


def test_a_date_that_a_mapping_cannot_convert_is_shown(tmp_path: Path) -> None:
    path = write(
        tmp_path, changed(trans_date_trans_time=lambda n: "31/02/2019 10:00" if n == 3 else "11/02/2019 10:00")
    )
    problems = [one["problem"] for one in read(path, dates="day-first") if "problem" in one]
    assert problems == ['trans_date_trans_time: "31/02/2019 10:00" is not a date with its parts day-first']
