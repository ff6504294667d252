"""From API Gateway's event to rows: every way a body can be sent, every way it can be wrong, and no bomb."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.body import MAX_BYTES, MAX_ROWS, BodyError, header, read_bytes, read_rows
from tests.unit.fakes.events import api_event


def binary_event(data: bytes, **headers: str) -> dict[str, Any]:
    return api_event(base64.b64encode(data).decode(), **headers) | {"isBase64Encoded": True}


def refusal(event: dict[str, Any]) -> BodyError:
    with pytest.raises(BodyError) as error:
        read_rows(read_bytes(event))
    return error.value


def test_a_body_is_the_same_as_text_as_base64_and_as_gzip() -> None:
    text = json.dumps([{"first": "Zoë"}])
    expected = text.encode()
    assert read_bytes(api_event(text)) == expected
    assert read_bytes(binary_event(expected)) == expected
    assert read_bytes(binary_event(gzip.compress(expected), content_encoding="gzip")) == expected
    assert read_bytes(binary_event(gzip.compress(expected), CONTENT_ENCODING=" GZip ")) == expected


def test_one_an_array_and_a_wrapped_array_are_rows() -> None:
    assert read_rows(b'{"a":1}') == [{"a": 1}]
    assert read_rows(b'[{"a":1},{"a":2}]') == [{"a": 1}, {"a": 2}]
    assert read_rows(b'{"transactions":[{"a":1}]}') == [{"a": 1}]
    assert read_rows(b'\xef\xbb\xbf[{"a":1}]') == [{"a": 1}]


def test_a_number_with_decimals_is_never_a_float() -> None:
    ((row),) = read_rows(b'{"amt":0.1,"lat":1e2}')
    assert row == {"amt": Decimal("0.1"), "lat": Decimal("1e2")}
    assert all(type(value) is Decimal for value in row.values())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[NaN]", "not JSON"),
        ("[1e99999999999999999999]", "not JSON"),
        ("[" + "9" * 5000 + "]", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("1", "must be one transaction"),
        ('"text"', "must be one transaction"),
        ("null", "must be one transaction"),
        ('{"transactions":{}}', "must be one transaction"),
        ('{"transactions":[],"more":1}', 'may contain only "transactions"'),
        ("[]", "no transaction"),
        ('{"transactions":[]}', "no transaction"),
    ],
)
def test_a_body_without_rows_is_refused_with_its_reason(body: str, message: str) -> None:
    error = refusal(api_event(body))
    assert error.status == 400
    assert message in error.message


def test_a_missing_body_is_refused() -> None:
    assert refusal(api_event("") | {"body": None}).status == 400


@pytest.mark.parametrize("data", [b"\xff\xfe{\x00}\x00", b'{"a":"\xff"}'])
def test_another_encoding_than_utf8_is_refused(data: bytes) -> None:
    assert refusal(binary_event(data)).status == 400


def test_broken_base64_and_lone_surrogates_are_refused() -> None:
    assert refusal(api_event("%%%") | {"isBase64Encoded": True}).status == 400
    assert refusal(api_event("[\ud800]")).status == 400


def test_a_latin1_body_that_the_gateway_made_text_is_refused_and_not_taken_with_replacement_characters() -> None:
    spoiled = '[{"merchant": "Café"}]'.encode("latin-1").decode("utf-8", "replace")
    error = refusal(api_event(spoiled))
    assert (error.status, "not UTF-8" in error.message) == (400, True)
    assert read_rows(read_bytes(api_event('[{"merchant": "Café"}]'))) == [{"merchant": "Café"}]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain; charset=utf-8", None])
def test_gzip_under_another_content_type_gets_an_answer_that_names_the_right_one(content_type: str | None) -> None:
    spoiled = gzip.compress(b'[{"a":1}]').decode("utf-8", "replace")
    headers = {"Content-Encoding": "gzip"} | ({"Content-Type": content_type} if content_type else {})
    error = refusal(api_event(spoiled) | {"headers": headers})
    assert error.status == 415
    assert "Content-Type: application/gzip" in error.message
    assert (content_type or "none").split(";")[0] in error.message


def test_too_many_rows_and_too_many_bytes_are_413() -> None:
    assert read_rows(json.dumps([{}] * MAX_ROWS).encode())
    assert refusal(api_event([{}] * (MAX_ROWS + 1))).status == 413
    assert refusal(api_event('["' + "x" * MAX_BYTES + '"]')).status == 413


def test_gzip_that_is_none_or_cut_or_followed_by_more_is_refused() -> None:
    whole = gzip.compress(b'[{"a":1}]')
    for data in (b"plain", b"", whole[:-5], whole + whole, whole + b"\0"):
        assert refusal(binary_event(data, content_encoding="gzip")).status == 400


def test_an_encoding_that_is_not_known_is_415() -> None:
    assert refusal(binary_event(b"x", content_encoding="br")).status == 415


def test_a_zip_bomb_is_refused_without_being_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (200 * 2**20), 9)
    tracemalloc.start()
    error = refusal(binary_event(bomb, content_encoding="gzip"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.status == 413
    assert peak < 4 * MAX_BYTES


def test_headers_are_found_in_any_case_and_may_be_absent() -> None:
    assert header({"headers": {"IDEMPOTENCY-Key": "k"}}, "idempotency-key") == "k"
    assert header({"headers": None}, "idempotency-key") is None
    assert header({}, "idempotency-key") is None


@given(st.binary(max_size=200), st.sampled_from(["identity", "gzip"]))
def test_no_bytes_at_all_raise_anything_but_a_refusal(data: bytes, encoding: str) -> None:
    outcome = None
    with contextlib.suppress(BodyError):
        outcome = read_rows(read_bytes(binary_event(data, content_encoding=encoding)))
    assert outcome is None or 1 <= len(outcome) <= MAX_ROWS
