"""Card numbers that a spreadsheet rounded are found wherever in a file they begin, before anything is sent."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from client.errors import ClientError
from client.files.checks import Cards, card_kind, check_cards
from client.files.mapping import Reading
from client.files.probe import BLOCK, Probe
from shared.card_numbers.search import luhn_valid
from tests.unit.client.files.tables import CONTAINERS, csv_text, open_table, rows

ROWS, BEGIN = 3_000, 2_900  # too few for their share of the rows to show


def number(n: int) -> str:
    """A good card number of 16 digits."""
    body = f"4{n:014d}"
    return next(body + digit for digit in "0123456789" if luhn_valid(body + digit))


def rounded(n: int) -> str:
    return number(n)[:15] + "0"


BAD = [n for n in range(200) if card_kind(rounded(n)) == "rounded"][:100]


def content(begin: int = BEGIN, write: Callable[[int], str] = rounded) -> list[dict[str, str]]:
    made = rows(ROWS)
    for at, row in enumerate(made):
        row["cc_num"] = write(BAD[at % 100]) if at >= begin else number(at)
    return made


@pytest.fixture(autouse=True)
def _small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.files.table.SAMPLE", 100)


def refused(path: Path, **how: Any) -> bool:
    try:
        open_table(path, **how).close()
    except ClientError as error:
        assert "rounded to 15 digits" in str(error) or "scientific notation" in str(error)  # noqa: PT017
        assert f"line {BEGIN + 2}" in str(error) or f"lines {BEGIN + 2}" in str(error) or path.suffix != ".csv"  # noqa: PT017
        return True
    return False


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_in_text_of_any_container_and_encoding(tmp_path: Path, container: str, encoding: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(CONTAINERS[container](csv_text(content()).encode(encoding)))
    assert refused(path)
    assert not refused(path, accept_rounded_card_numbers=True)
    path.write_bytes(CONTAINERS[container](csv_text(content(ROWS)).encode(encoding)))
    assert not refused(path)


@pytest.mark.parametrize("form", ["2.29116393386{:03d}E+15", "2.29116393386{:03d}e+15", "2.29116393386{:03d}E15"])
def test_in_scientific_notation(tmp_path: Path, form: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(csv_text(content(write=form.format)))
    assert refused(path)


@pytest.mark.parametrize("lines", [True, False])
def test_in_json(tmp_path: Path, lines: bool) -> None:
    path, found = tmp_path / "file.json", [row | {"cc_num": int(row["cc_num"])} for row in content()]
    path.write_text("\n".join(map(json.dumps, found)) if lines else json.dumps(found))
    assert refused(path)


@pytest.mark.parametrize(
    "cards",
    [
        lambda texts: pa.array(texts),
        lambda texts: pa.array(texts, pa.large_string()),
        lambda texts: pa.array(texts).dictionary_encode(),
        lambda texts: pa.array([text.encode() for text in texts]),
        lambda texts: pa.array(list(map(int, texts))),
        lambda texts: pa.array(list(map(Decimal, texts)), pa.decimal128(19, 0)),
    ],
)
def test_in_parquet_of_any_type(tmp_path: Path, cards: Callable[[list[str]], pa.Array]) -> None:
    path = tmp_path / "file.parquet"
    for begin, wanted in ((BEGIN, True), (ROWS, False)):
        found = content(begin)
        table = pa.Table.from_pylist(found)
        table = table.set_column(1, "cc_num", cards([row["cc_num"] for row in found]))
        pq.write_table(table, path, row_group_size=500)
        assert refused(path) is wanted


@pytest.mark.parametrize("as_numbers", [True, False])
def test_in_a_worksheet(tmp_path: Path, as_numbers: bool) -> None:
    path = tmp_path / "file.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    found = content()
    sheet.append(list(found[0]))
    for row in found:
        sheet.append(list((row | {"cc_num": int(row["cc_num"])} if as_numbers else row).values()))
    book.save(path)
    assert refused(path)


def test_in_a_number_that_is_put_together_from_columns(tmp_path: Path) -> None:
    found = [row | {"cc_num": row["cc_num"][:8], "end": row["cc_num"][8:]} for row in content()]
    path = tmp_path / "file.csv"
    path.write_text(csv_text(found))
    assert refused(path, columns={"cc_num": "{cc_num}{end}"})


def test_a_pipe_is_read_until_they_begin(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = csv_text(content(begin=1_500))

    def write() -> None:
        with suppress(BrokenPipeError):
            pipe.write_text(text)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    table = open_table(pipe)
    given = []
    with pytest.raises(ClientError, match=r"Only rows before line \d+ were read"):
        given.extend(row.number for row in table)
    assert 1_400 < len(given) < 2_600
    table.close()


def test_one_bad_number_that_fills_a_stretch_of_a_sorted_file_is_no_rounded_column() -> None:
    cards = Cards()
    for at in range(20_000):
        cards.add(rounded(BAD[0]) if 5_000 <= at < 6_500 else number(at), at)
    found = check_cards(cards, Reading(), "file.csv")
    assert not found.refusals
    assert found.warnings


def test_some_odd_numbers_among_rows_of_few_cards_are_no_rounded_column() -> None:
    cards = Cards()
    for at in range(240):
        cards.add(rounded(BAD[at % 3]) if at in (80, 81, 82) else "2.29E+15" if at in (90, 91) else number(1), at)
    assert not check_cards(cards, Reading(), "file.csv").refusals


def test_the_probe_looks_at_every_part_of_a_large_file_and_takes_no_id_for_a_card_number() -> None:
    quiet = b"a4111111111111110b,x,0.4111111111111110,4111111111111111\n" * (BLOCK // 50)
    for late in (0, 7, 9, 40):
        probe = Probe()
        for block in range(41):
            bad = f"\n{rounded(BAD[0])},\n".encode() * 3_000 if block == late else b""
            probe.look(bad + quiet[: BLOCK - len(bad)])
        assert probe.suspicious
    probe = Probe()
    for _ in range(12):
        probe.look(quiet)
    assert not probe.suspicious
