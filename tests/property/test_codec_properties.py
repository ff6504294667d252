"""What holds for every record that may lie on the stream, ours or not."""

from __future__ import annotations

import json

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from shared.transaction.codec import BadLine, decode_record, encode_line, encode_record
from shared.transaction.model import parse_transaction
from shared.transaction.schema import Transaction
from tests.property.strategies import good_rows, values
from tests.rows import CARD_KEYS, NOW, parse

LINE = encode_line(parse())

transactions = good_rows.map(lambda row: parse_transaction(row, CARD_KEYS, NOW))


@given(st.binary(max_size=2000))
@example(b"[" * 200_000)
@example(b'{"a":[' * 50_000)
@example(b"[1," + b"9" * 10_000 + b"]")
@example(b"\x00" * 1000)
@example(b"\n" * 1000)
def test_no_bytes_make_decoding_fail_and_none_get_lost(data):
    decoded = decode_record(data)
    assert all(isinstance(line, BadLine) for line in decoded)
    framed = data.removeprefix(b"\n") if len(data) > 1 else data
    assert b"\n".join(line.data for line in decoded) == (framed.removesuffix(b"\n") if framed != b"\n" else b"")


@given(st.lists(transactions, min_size=1, max_size=5))
def test_decoding_undoes_encoding(sent):
    record = encode_record(sent)
    assert record.count(b"\n") == len(sent)
    assert decode_record(record) == sent
    assert encode_record(decode_record(record)) == record


@given(st.lists(st.binary(max_size=50).map(lambda data: data.replace(b"\n", b"")) | st.just(LINE[:-1]), min_size=1))
def test_good_lines_survive_beside_bad_ones_in_their_places(lines):
    decoded = decode_record(b"\n" + b"".join(line + b"\n" for line in lines))
    assert [line.data if isinstance(line, BadLine) else LINE[:-1] for line in decoded] == lines


@given(st.data())
def test_a_line_with_any_value_in_any_place_is_bad_or_canonical(data):
    array = orjson.loads(LINE)
    for _ in range(data.draw(st.integers(1, 3))):
        array[data.draw(st.integers(0, len(array) - 1))] = data.draw(values)
    line = json.dumps(array, default=str).encode()
    (decoded,) = decode_record(line)
    if isinstance(decoded, Transaction):
        assert decode_record(encode_line(decoded)) == [decoded]
    else:
        assert decoded.data == line


@given(st.integers(0, len(LINE) - 2), st.integers(0, 255))
def test_a_line_with_one_byte_changed_is_bad_or_canonical(at, byte):
    line = LINE[:at] + bytes([byte]) + LINE[at + 1 : -1]
    for decoded in decode_record(line):
        if isinstance(decoded, Transaction):
            assert decode_record(encode_line(decoded)) == [decoded]


@given(st.integers(0, len(LINE) - 3))
def test_a_line_that_was_cut_off_is_bad(length):
    (decoded,) = decode_record(LINE[:length])
    assert isinstance(decoded, BadLine)


PIECES = st.sampled_from(
    ["-0.0", "9", "0", ".", '"', "\\", "\\u0041", ",", "null", "90.000001", "1e-6", " ", "\x7f", "é", "31", "02"]
)


def changed(line: bytes, data: st.DataObject) -> bytes:
    """Give a line with up to three pieces put into it or in a place of its own bytes."""
    text = line.decode()
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(PIECES) + text[at + data.draw(st.integers(0, 3)) :]
    return text.encode()
