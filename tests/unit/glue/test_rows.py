"""What the parser makes of lines: the stream's transactions, in the warehouse's types, or reasons."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from shared.transaction.model import parse_transaction
from tests.rows import CARD_KEYS, CARD_NUMBER, CSV_ROW
from tests.unit.glue.lines import COLUMNS, FILE, batch, counted, good, header, line, parse, refused


def test_a_line_becomes_what_the_stream_makes_of_the_same_row() -> None:
    (row,) = good(parse(batch([header(), line()])))
    expected = parse_transaction(CSV_ROW, CARD_KEYS)._asdict()
    moments = {"occurred_at": datetime(2020, 7, 1, 8, tzinfo=UTC), "date_of_birth": date(1971, 2, 28)}
    places = ("latitude", "longitude", "merchant_latitude", "merchant_longitude")
    assert {name: row[name] for name in expected} == {
        **expected,
        **moments,
        **{name: Decimal(str(expected[name])).quantize(Decimal("0.000001")) for name in places},
    }


def test_the_first_line_of_a_file_is_its_header_and_no_row() -> None:
    rows = parse(batch([header(), line()]))
    assert len(good(rows)) == 1
    assert refused(rows) == []


def test_the_first_line_of_a_later_block_is_a_row() -> None:
    rows = parse(batch([line()], block=1000))
    assert len(good(rows)) == 1
    assert counted(rows) == [(FILE, 1000, 1)]


def test_lines_are_counted_per_block_the_header_and_empty_ones_included() -> None:
    rows = parse(batch([header(), line(), b""]), batch([line(trans_num="b")]), batch([line(trans_num="c")], block=64))
    assert counted(rows) == [(FILE, 0, 4), (FILE, 64, 1)]
    assert len(good(rows)) == 3


def test_a_batch_may_hold_several_files_with_their_columns_in_different_orders() -> None:
    other, turned = "s3://raw/b.csv", tuple(reversed(COLUMNS))
    first, second = batch([header(), line()]), batch([header(turned), line(turned, trans_num="b")], file=other)
    both = type(first).from_arrays(
        [first.column(i).cast(first.column(i).type).take([0, 1]) for i in range(3)], names=first.schema.names
    )
    rows = parse(both, second, headers={FILE: COLUMNS, other: turned})
    assert [row["transaction_id"] for row in good(rows)] == [CSV_ROW["trans_num"], "b"]
    assert {row["card_last4"] for row in good(rows)} == {CARD_NUMBER[-4:]}
    assert counted(rows) == [(FILE, 0, 2), (other, 0, 2)]


def test_a_bad_row_is_given_back_with_every_reason_and_its_neighbors_continue() -> None:
    rows = parse(batch([header(), line(), line(amt="-1", gender="x"), line(trans_num="b")]))
    assert len(good(rows)) == 2
    ((number, reasons),) = refused(rows)
    assert number == 3
    assert [field for field, _ in reasons] == ["amt", "gender"]


def test_no_reason_holds_a_card_number() -> None:
    rows = parse(batch([header(), line(cc_num=CARD_NUMBER + "x"), line(street=f"card {CARD_NUMBER}")]))
    assert len(refused(rows)) == 2
    assert CARD_NUMBER not in str(rows)


def test_a_row_with_too_few_or_too_many_cells_is_refused_alone() -> None:
    rows = parse(batch([header(), line() + b",more", b"1,2", line()]))
    assert [number for number, _ in refused(rows)] == [2, 3]
    assert "24 cells, the header 23" in refused(rows)[0][1][0][1]
    assert len(good(rows)) == 1


def test_a_quote_that_is_not_closed_does_not_swallow_the_lines_after_it() -> None:
    rows = parse(batch([header(), b'1,"open', line(), line(trans_num="b")]))
    assert [number for number, _ in refused(rows)] == [2]
    assert len(good(rows)) == 2


def test_a_row_that_is_not_utf8_is_refused_alone() -> None:
    broken = line().replace(b"Cambridge", b"C\xe9ret")
    rows = parse(batch([header(), broken, line(trans_num="b", city="Céret")]))
    assert refused(rows) == [(2, [["row", "the row is not UTF-8 text: save the file as UTF-8"]])]
    assert [row["city"] for row in good(rows)] == ["Céret"]


def test_a_cell_of_a_megabyte_is_refused_and_not_an_error_of_the_job() -> None:
    rows = parse(batch([header(), line(city="x" * (1 << 20) + "y"), line(trans_num="b")]))
    assert [number for number, _ in refused(rows)] == [2]
    assert len(good(rows)) == 1


def test_columns_that_carry_nothing_are_not_read() -> None:
    columns = (*COLUMNS, "rejected_line", "rejected_reason")
    rows = parse(batch([header(columns), line(columns, rejected_line="7")]), headers={FILE: columns})
    assert len(good(rows)) == 1


def test_a_partition_without_lines_gives_nothing() -> None:
    assert parse() == []
