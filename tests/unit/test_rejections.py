"""The log has whose row was rejected and why, and of the sender's text only an ID."""

from __future__ import annotations

import json

from functions.write_to_kinesis.decision import decide
from functions.write_to_kinesis.rejections import describe_rejections
from tests.unit.fakes.rows import CARD_KEYS, raw_row


def test_a_refused_row_is_reported_by_id_column_and_reason_without_its_values() -> None:
    rows = [raw_row(0), raw_row(1, amt="12,50", dob="tomorrow"), raw_row(2, **{"Nora Testman": "x"}), "no object"]
    reported = describe_rejections(rows, decide(rows, CARD_KEYS).errors)
    assert [(one["index"], one["transaction_id"]) for one in reported] == [
        (1, rows[1]["trans_num"]),
        (2, rows[2]["trans_num"]),
        (3, None),
    ]
    assert reported[0]["field"] == "amt"
    assert reported[1]["field"] == "an unknown column"
    assert all(one["reason"] for one in reported)
    text = json.dumps(reported)
    assert not [value for value in ("12,50", "tomorrow", "Nora", "no object") if value in text]


def test_a_line_for_a_request_full_of_refused_rows_fits_a_log_event() -> None:
    rows = [raw_row(number, amt='"' * 300, city="x" * 4000, **{"y" * 500: "z"}) for number in range(1000)]
    reported = describe_rejections(rows, decide(rows, CARD_KEYS).errors)
    assert len(reported) == 1000
    assert len(json.dumps(reported)) < 240_000


def test_what_is_no_id_is_not_repeated() -> None:
    rows = [raw_row(0, amt="x", trans_num="1 Main Street, Nora Testman")]
    (one,) = describe_rejections(rows, decide(rows, CARD_KEYS).errors)
    assert one["transaction_id"] is None
