"""Card numbers are masked wherever they stand; what only looks long is left alone."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.card_numbers.masking import mask, mask_text
from shared.card_numbers.search import holds_number
from shared.telemetry import MaskingFormatter, describe


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4992346398065154048", "***************4048"),
        ("cc_num=60416207185,", "cc_num=*******7185,"),
        ("card 4992 3463 9806 5154", "card ************5154"),
        ("4992-3463-9806-5154", "************5154"),
        ('{"cc_num":"4992346398065154"}', '{"cc_num":"************5154"}'),
    ],
)
def test_a_card_number_keeps_its_last_four_digits_only(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "49590338271490256608559692538361571095921575989136588898",  # a sequence number
        "0123456789",  # ten digits
        "7c2fe6e779bee18bf18f3e46837b9ef7",  # a card id
        "2020-06-21T12:14:25.000Z",
    ],
)
def test_what_is_no_card_number_stays_readable(text: str) -> None:
    assert mask(text) == text


@given(st.from_regex(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", fullmatch=True))
def test_an_id_survives_unless_it_holds_a_card_number(identifier: str) -> None:
    assert (mask(identifier) == identifier) != holds_number(identifier)


@given(
    st.integers(10**10, 10**19 - 1),
    st.sampled_from(["{}", "x {} y", "[{}]", '"{}"', "num:{};", "é{}€", "\n{}\n"]),
)
def test_no_card_number_survives_in_any_text(number: int, frame: str) -> None:
    assert str(number) not in mask_text(frame.format(number))


def test_numbers_keys_and_nested_values_are_masked_too() -> None:
    masked = mask({"a": [4992346398065154, True, 12, None], "4992346398065154": ("60416207185",), "n": 1.5})
    assert masked == {"a": ["************5154", True, 12, None], "************5154": ["*******7185"], "n": 1.5}


def format_line(message: str, **extra: object) -> dict:
    record = logging.LogRecord("swipeline", logging.INFO, __file__, 1, message, None, None)
    record.__dict__.update(extra)
    return json.loads(MaskingFormatter(utc=True, use_rfc3339=True).format(record))


def test_a_log_line_masks_message_and_extras_but_not_the_ids_that_lead_to_it() -> None:
    line = format_line(
        "row with 4992346398065154", detail={"cc": 60416207185}, request_id="e3b0c442-98fc-41c1-9afb-412345678901"
    )
    assert line["message"] == "row with ************5154"
    assert line["detail"] == {"cc": "*******7185"}
    assert line["request_id"] == "e3b0c442-98fc-41c1-9afb-412345678901"


def test_an_error_is_described_by_kind_and_place_never_by_its_message() -> None:
    try:
        raise KeyError("Nora Testman, 12 Example Lane")
    except KeyError as error:
        about = describe(error)
    assert about["error"] == "KeyError"
    assert about["raised_at"][-1].startswith("test_masking.py:")
    assert "Nora" not in json.dumps(about)
