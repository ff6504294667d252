"""A request becomes one record per partition, split only where it would be too large, in the order of its rows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.stream.partition import partition_key
from shared.stream.records import MAX_RECORD_BYTES, build_records
from shared.transaction.codec import decode_record
from shared.transaction.schema import Transaction
from tests.unit.fakes.rows import transaction

TRANSACTIONS = [transaction(number) for number in range(60)]


def test_transactions_of_one_partition_share_one_record() -> None:
    partitions = build_records(enumerate(TRANSACTIONS))
    assert all(len(records) == 1 for records in partitions)
    keys = [records[0].partition_key for records in partitions]
    assert len(keys) == len(set(keys)) == len({partition_key(t.card_id) for t in TRANSACTIONS})


def test_five_hundred_rows_of_one_card_at_their_longest_are_split_below_the_limit() -> None:
    long = {"street": "Ä" * 200, "job": "Ö" * 100, "first": "€" * 100, "last": "€" * 100, "city": "€" * 100}
    rows = [transaction(0, trans_num=f"{number:064d}", **long) for number in range(500)]
    (records,) = build_records(enumerate(rows))
    assert len(records) > 1
    assert all(len(record.data) <= MAX_RECORD_BYTES for record in records)
    assert [row for record in records for row in record.rows] == list(range(500))
    assert [line for record in records for line in decode_record(record.data)] == rows


def test_a_record_stands_on_lines_of_its_own_whatever_is_put_before_and_behind_it() -> None:
    ((record,),) = build_records([(0, TRANSACTIONS[0])])
    before, *lines, after = (b"[1,cut off" + record.data + record.data + b"cut off").split(b"\n")
    assert (before, after) == (b"[1,cut off", b"cut off")
    assert [decode_record(line) for line in lines if line] == [[TRANSACTIONS[0]]] * 2


def test_no_transactions_are_no_records() -> None:
    assert build_records([]) == []


@settings(max_examples=50)
@given(st.lists(st.sampled_from(TRANSACTIONS), max_size=40), st.integers(1, 2000))
def test_any_rows_are_on_the_stream_once_each_in_their_order(rows: list[Transaction], limit: int) -> None:
    partitions = build_records(enumerate(rows), max_bytes=limit)
    seen: list[int] = []
    for records in partitions:
        assert len({record.partition_key for record in records}) == 1
        indexes = [row for record in records for row in record.rows]
        assert indexes == sorted(indexes)
        seen += indexes
        for record in records:
            assert decode_record(record.data) == [rows[row] for row in record.rows]
            assert len(record.data) <= limit or len(record.rows) == 1
    assert sorted(seen) == list(range(len(rows)))
