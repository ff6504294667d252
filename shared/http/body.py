"""A request's body: from API Gateway's event to bytes, and from bytes to rows, within bounds."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_BYTES = 5 * 1024 * 1024  # once decompressed
MAX_ROWS = 1000
_GZIP = 16 + zlib.MAX_WBITS  # https://docs.python.org/3/library/zlib.html#zlib.decompress


class BodyError(Exception):
    """A body that is refused as a whole; ``status`` is the answer's, the message tells the sender what to change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def header(event: Mapping[str, Any], name: str) -> str | None:
    """Give a header by its lower-case name, or None."""
    for key, value in (event.get("headers") or {}).items():
        if key.lower() == name:
            return value
    return None


def read_bytes(event: Mapping[str, Any]) -> bytes:
    """Give the body's bytes: base64 undone if API Gateway applied it, gzip undone if the sender applied it.

    Raises BodyError: 400 if either is broken, 413 if it is over 5 MB, 415 on another encoding, or on gzip that came as
    text.
    """
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        _check_text(event, body)
    try:
        data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise BodyError(400, "the body is not valid text or base64") from None
    encoding = (header(event, "content-encoding") or "identity").strip().lower()
    if encoding == "gzip":
        data = _gunzip(data)
    elif encoding != "identity":
        raise BodyError(415, "Content-Encoding must be gzip or absent")
    if len(data) > MAX_BYTES:
        raise BodyError(413, f"the body is over {MAX_BYTES} bytes: send fewer rows per request")
    return data


def _check_text(event: Mapping[str, Any], body: str) -> None:
    """Refuse what API Gateway has spoiled: it decodes a body as UTF-8 unless its content type is a binary one.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
    """
    if (header(event, "content-encoding") or "").strip().lower() == "gzip":
        given = (header(event, "content-type") or "none").split(";")[0][:60]
        raise BodyError(
            415, f"a gzip body needs Content-Type: application/gzip, not {given}: any other type is read as text"
        )
    if "\ufffd" in body:  # U+FFFD: where a byte was not UTF-8
        raise BodyError(400, "the body is not UTF-8, e.g. it is Latin-1: encode it as UTF-8 (it has U+FFFD in it)")


def _gunzip(data: bytes) -> bytes:
    """Decompress one member, at most one byte more than is allowed, whatever a bomb would expand to."""
    member = zlib.decompressobj(_GZIP)
    try:
        plain = member.decompress(data, MAX_BYTES + 1)
    except zlib.error:
        raise BodyError(400, "the body is not gzip, though Content-Encoding says so") from None
    if len(plain) <= MAX_BYTES:
        if not member.eof:
            raise BodyError(400, "the gzip body ends too early")
        if member.unused_data:
            raise BodyError(400, "the gzip body must have one member and nothing after it")
    return plain


def read_rows(data: bytes) -> list[Any]:
    """Give the rows of a body: an object, an array, or ``{"transactions": [...]}``. Decimals are Decimal, never float.

    Raises BodyError: 400 if it is not JSON or of another shape or empty, 413 if it has over 1,000 rows.
    """
    try:
        value = json.loads(
            data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=once_each
        )
    except (ValueError, InvalidOperation, RecursionError):  # numbers that Python cannot hold are among these
        raise BodyError(400, "the body is not JSON in UTF-8") from None
    if isinstance(value, dict) and "transactions" in value:
        if set(value) != {"transactions"}:
            raise BodyError(400, 'beside "transactions" nothing else may stand in the body')
        value = value["transactions"]
    elif isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise BodyError(400, 'the body must be one transaction, an array of them, or {"transactions": [...]}')
    if not value:
        raise BodyError(400, "the body holds no transaction")
    if len(value) > MAX_ROWS:
        raise BodyError(413, f"{len(value)} rows, at most {MAX_ROWS} per request")
    return value


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; two of a name would be read one way here, another way by whoever checked the body before."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BodyError(400, "an object of the body has a name twice")
    return made


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
