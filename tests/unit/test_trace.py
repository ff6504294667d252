"""The trace header travels within the record, for sampled requests only, and touches nothing else of it."""

from __future__ import annotations

import pytest

from shared.stream.records import build_records
from shared.transaction.codec import BadLine, decode_record, encode_record, trace_of
from shared.transaction.trace import sampled_header
from tests.unit.fakes.rows import transaction

HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
TRANSACTIONS = [transaction(number) for number in range(30)]


def test_what_lambda_adds_to_a_header_stays_behind() -> None:
    assert sampled_header(HEADER + ";Lineage=a87bd80c:0|68fd508a:5") == HEADER


@pytest.mark.parametrize("header", ["", HEADER.replace("Sampled=1", "Sampled=0"), "Root=1-5759e988;Sampled=1", "=;="])
def test_a_request_that_is_not_sampled_has_nothing_to_carry(header: str) -> None:
    assert sampled_header(header) is None


def test_each_record_of_a_sampled_request_carries_the_header_and_the_same_transactions() -> None:
    records = [r for of_key in build_records(enumerate(TRANSACTIONS), 1500, HEADER) for r in of_key]
    assert len(records) > 5
    for record in records:
        assert trace_of(record.data) == HEADER
        assert decode_record(record.data) == [TRANSACTIONS[row] for row in record.rows]


def test_a_record_without_a_header_says_so() -> None:
    for records in build_records(enumerate(TRANSACTIONS)):
        assert all(trace_of(record.data) is None for record in records)
    for data in (b"", b"\n", b"\n\n", b'1"]', b"\xff", HEADER.encode(), encode_record(TRANSACTIONS[:2])):
        assert trace_of(data) is None


def test_one_element_more_is_a_header_or_the_line_is_bad() -> None:
    line = encode_record(TRANSACTIONS[:1])
    (bad,) = decode_record(line[:-2] + b',"Root=1"]\n')
    assert isinstance(bad, BadLine)
    (bad,) = decode_record(line[:-2] + f',"{HEADER}","{HEADER}"]\n'.encode())
    assert isinstance(bad, BadLine)
