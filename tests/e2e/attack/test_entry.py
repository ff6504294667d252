"""Getting in, or breaking what is behind: nobody without the right key, and no body that the function dies of."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from tests.e2e.attack.api import call, key_of, post, row
from tests.e2e.stack import Stack

MEBIBYTE = 2**20
READS = [
    ("GET", "/transactions?card_id=" + "0" * 32),
    ("POST", "/transactions/search"),
    ("GET", "/transactions/x"),
    ("GET", "/merchants?prefix=a"),
    ("GET", "/alerts"),
    ("GET", "/health"),
]


@pytest.mark.parametrize("key", [None, "", "wrong", "' OR '1'='1", "*", "a" * 5000])
@pytest.mark.parametrize(("method", "path"), [*READS, ("POST", "/transactions")])
def test_nobody_gets_in_without_a_key(stack: Stack, key: str | None, method: str, path: str) -> None:
    assert call(stack, method, path, key, data=b"[]").status_code == 403


@pytest.mark.parametrize(("method", "path"), READS)
def test_a_senders_key_cannot_read(stack: Stack, method: str, path: str) -> None:
    assert call(stack, method, path, stack.api_key, data=b"{}").status_code == 403


def test_a_readers_key_can_neither_send_nor_review(stack: Stack) -> None:
    reader = key_of(stack, "ReaderApiKeyId")
    assert call(stack, "POST", "/transactions", reader, data=json.dumps(row()).encode()).status_code == 403
    assert call(stack, "POST", "/alerts/x/verdict", reader, data=b"{}").status_code in (403, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-HTTP-Method-Override": "GET"},
        {"X-Original-URL": "/health", "X-Rewrite-URL": "/health"},
        {"x-amzn-apigateway-api-id": "other", "x-amzn-lambda-integration-tag": "none"},
        {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1;host=localhost"},
        {"Authorization": "Bearer " + "a" * 3000},
        {"Host": "example.com"},
    ],
)
def test_headers_open_nothing(stack: Stack, headers: dict[str, str]) -> None:
    assert call(stack, "GET", "/merchants?prefix=a", stack.api_key, headers=headers).status_code in (403, 404)
    assert call(stack, "GET", "/merchants?prefix=a", None, headers=headers).status_code in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/transactions/../health",
        "/transactions/%2e%2e/health",
        "/transactions/..%2f..%2f..%2fetc%2fpasswd",
        "/transactions/%00",
        "/transactions/" + "a" * 4000,
        "/transactions//search",
        "/transactions;x=1",
        "/TRANSACTIONS",
        "/transactions/search/",
        "/%74ransactions?card_id=' OR 1=1",
        "/transactions?card_id=" + "0" * 32 + "&card_id=" + "1" * 32,
        "/transactions?merchant[]=a&limit=99999999999999999999",
    ],
)
def test_a_path_that_is_none_is_refused_and_never_an_error(stack: Stack, path: str) -> None:
    answer = call(stack, "GET", path, key_of(stack, "ReaderApiKeyId"))
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:200])
    assert "Traceback" not in answer.text
    assert "root:" not in answer.text


def bomb(mebibytes: int) -> bytes:
    """Gzip of a number of zeros: about a thousandth of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MEBIBYTE)
    return b"".join([*(packer.compress(zeros) for _ in range(mebibytes)), packer.flush()])


GZIP = {"Content-Encoding": "gzip", "Content-Type": "application/gzip"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b" " * (5 * MEBIBYTE + 1) + b"[]", {}, {413}, id="oversized"),
        pytest.param(b"[" + b",".join([b"{}"] * 1001) + b"]", {}, {413}, id="1,001 rows"),
        pytest.param(bomb(2_000), GZIP, {413}, id="2 GB of zeros"),
        pytest.param(gzip.compress(bomb(500)), GZIP, {400}, id="a bomb in a bomb"),
        pytest.param(gzip.compress(b"[]") * 100_000, GZIP, {400}, id="many members"),
        pytest.param(gzip.compress(b"[]")[:-4], GZIP, {400}, id="cut off"),
        pytest.param(b"[]", GZIP, {400}, id="not gzip"),
        pytest.param(b"[]", {"Content-Encoding": "gzip, gzip"}, {415}, id="twice"),
        pytest.param(b"[]", {"Content-Encoding": "br"}, {415}, id="brotli"),
        pytest.param(b"[" * 2_000_000, {}, {400}, id="deep array"),
        pytest.param(b'{"a":' * 500_000 + b"1" + b"}" * 500_000, {}, {400}, id="deep object"),
        pytest.param(b"[" + b"9" * 1_000_000 + b"]", {}, {400}, id="a million digits"),
        pytest.param(b'{"amt": 1e999999999999}', {}, {400}, id="exponent"),
        pytest.param(b'{"amt": NaN}', {}, {400}, id="NaN"),
        pytest.param(b'{"amt": -Infinity}', {}, {400}, id="infinity"),
        pytest.param(b"\xff\xfe[]", {}, {400}, id="UTF-16"),
        pytest.param(b'{"__proto__": {"admin": true}}', {}, {400}, id="prototype"),
        pytest.param(b"{" + b",".join(b'"%d":1' % n for n in range(200_000)) + b"}", {}, {400}, id="wide object"),
        pytest.param(b"", {}, {400}, id="nothing"),
        pytest.param(b"null", {}, {400}, id="null"),
        pytest.param(b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>", {}, {400}, id="XML"),
    ],
)
def test_a_body_that_is_a_weapon_is_refused(
    stack: Stack, body: bytes, headers: dict[str, str], status: set[int]
) -> None:
    answer = post(stack, body, **headers)
    assert answer.status_code in status, (answer.status_code, answer.text[:200])
    assert len(answer.content) < 200_000


def test_a_name_twice_is_refused_rather_than_read_one_way_or_the_other(stack: Stack) -> None:
    text = json.dumps(row())
    twice = text[:-1] + ', "amt": "9999.00"}'
    answer = post(stack, twice.encode())
    assert answer.status_code == 400
    assert "duplicate name" in answer.json()["message"]


def test_after_all_that_the_api_still_takes_a_transaction(stack: Stack) -> None:
    assert post(stack, gzip.compress(json.dumps([row()]).encode()), **GZIP).status_code == 202
