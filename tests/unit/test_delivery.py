"""What goes to the warehouse is what the other stores take, each line on its own."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fraud.alert import to_line as alert_line
from fraud.serving.alert_line import decode_alert
from shared.sinks.delivery import check
from shared.transaction.codec import BadLine, decode_line, encode_line
from tests.unit.fakes.rows import an_alert, transaction

GOOD = [encode_line(transaction(number)) for number in range(3)]


def record(data: bytes, number: int = 0, inner: str = "0") -> dict[str, Any]:
    return {
        "recordId": f"r{number}",
        "approximateArrivalTimestamp": 1592741665250,
        "data": base64.b64encode(data).decode(),
        "kinesisRecordMetadata": {
            "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
            "subsequenceNumber": inner,
            "partitionKey": "07",
            "shardId": "shardId-000000000000",
            "approximateArrivalTimestamp": 1592741665250,
        },
    }


def delivered(*data: bytes) -> bytes:
    checked = check([record(one, number) for number, one in enumerate(data)], decode_line)
    assert [answer["recordId"] for answer in checked.records] == [f"r{number}" for number in range(len(data))]
    kept = [answer for answer in checked.records if answer["result"] == "Ok"]
    return b"".join(base64.b64decode(answer["data"]) for answer in kept)


def test_a_record_in_our_writers_form_is_let_through_as_it_is() -> None:
    assert delivered(b"\n" + GOOD[0] + GOOD[1], GOOD[2]) == b"\n" + b"".join(GOOD)


def test_good_rows_behind_junk_without_a_newline_are_on_lines_of_their_own() -> None:
    assert delivered(b"junk", GOOD[0] + GOOD[1], GOOD[2][:-1], b"\xff", GOOD[0]) == b"".join([*GOOD, GOOD[0]])


def test_a_record_without_a_good_line_is_dropped() -> None:
    checked = check([record(b"junk"), record(b""), record(b"\n")], decode_line)
    assert [answer["result"] for answer in checked.records] == ["Dropped"] * 3
    assert (checked.passed, len(checked.unreadable)) == (0, 3)


def test_bad_lines_of_one_aggregate_have_numbers_of_their_own() -> None:
    checked = check([record(b"a\nb", 0, "0"), record(b"c", 1, "1")], decode_line)
    assert [bad.number for bad in checked.unreadable] == [0, 1, 1000]


ALERT = json.loads(alert_line(an_alert()))


def test_alerts_and_verdicts_are_read() -> None:
    assert decode_alert(json.dumps(ALERT).encode()) == ALERT
    verdict = ALERT | {"verdict": "fraud", "judged_by": "Nora", "judged_at": "2020-06-22T08:00:00.000Z"}
    assert decode_alert(json.dumps(verdict).encode()) == verdict


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"junk",
        b"\xff\x00",
        b"[]",
        b"{}",
        GOOD[0],
        *(
            json.dumps({**ALERT, name: None}).encode()
            for name in ("transaction_id", "amount", "is_alert", "alerted_at")
        ),
        json.dumps(ALERT | {"transaction_id": ""}).encode(),
        json.dumps(ALERT | {"transaction_id": "x" * 65}).encode(),
        json.dumps(ALERT | {"amount": "1e10"}).encode(),
        json.dumps(ALERT | {"amount": "nan"}).encode(),
        json.dumps(ALERT | {"amount": True}).encode(),
        json.dumps(ALERT | {"score": 10}).encode(),
        json.dumps(ALERT | {"occurred_at": "yesterday"}).encode(),
        json.dumps(ALERT | {"category": "\0"}).encode(),
        json.dumps(ALERT | {"category": "ä" * 101}).encode(),
        json.dumps(ALERT | {"is_alert": "yes"}).encode(),
        json.dumps(ALERT | {"verdict": ["fraud"]}).encode(),
    ],
)
def test_what_is_no_alert_is_said_to_be_none(line: bytes) -> None:
    found = decode_alert(line)
    assert isinstance(found, BadLine)
    assert found.data == line
