"""What a proxy event asks for: its rows, its sender, its Idempotency-Key. Or why it is refused as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.write_to_kinesis.idempotency import KEY_FORM
from shared.http.body import BodyError, header, read_bytes, read_rows
from shared.http.callers import SEND, Callers, api_key_id


class Request(NamedTuple):
    """One request of a sender."""

    sender: str  # the id of the API key; empty where the function was invoked directly
    body: bytes
    rows: list[Any]
    idempotency_key: str | None


def read_request(event: Mapping[str, Any], callers: Callers) -> Request:
    """Read a proxy event of API Gateway (REST, payload version 1). Raises BodyError."""
    sender = api_key_id(event)
    # Without a key, the function was invoked directly: IAM has decided. Each method of the API requires a key.
    if sender and not callers.may(event, *SEND):
        raise BodyError(403, "this key may not send transactions")
    body = read_bytes(event)
    return Request(sender, body, read_rows(body), _idempotency_key(event))


def _idempotency_key(event: Mapping[str, Any]) -> str | None:
    key = header(event, "idempotency-key")
    if key is not None and not KEY_FORM.fullmatch(key):
        raise BodyError(400, "Idempotency-Key must be 1 to 128 of the characters A-Z a-z 0-9 . _ -")
    return key
