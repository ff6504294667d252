"""Which requests were answered already: Idempotency-Key -> fingerprint of the body, for 24 hours, in DynamoDB."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Any, Protocol

from shared.aws import error_code, is_transient
from shared.card_keys.ring import CardKeys
from shared.errors import TransientError

KEPT_SECONDS = 24 * 3600
KEY_FORM = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestsClient(Protocol):
    """The part of boto3's DynamoDB client that is used here."""

    def get_item(self, **parameters: Any) -> dict[str, Any]:
        """Read one item."""

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        """Write one item."""


def fingerprint(card_key: bytes, body: bytes) -> str:
    """Give 64 hex digits that stand for a body.

    Keyed, since the body holds card numbers: from a plain hash and the other columns, which the table holds, a card
    number could be found by trying them all.
    """
    return hmac.new(card_key, b"request\x1f" + body, hashlib.sha256).hexdigest()


def unreadable(card_key: bytes, key: str) -> str:
    """Give 64 hex digits that stand for a sender's Idempotency-Key, since some sender will use a card number as one."""
    return hmac.new(card_key, b"idempotency\x1f" + key.encode(), hashlib.sha256).hexdigest()


def is_of(mark: str, card_keys: CardKeys, body: bytes) -> bool:
    """Whether a fingerprint is that body's: a repeat may come after the card key has changed."""
    return any(hmac.compare_digest(mark, fingerprint(key.secret, body)) for key in reversed(card_keys.keys))


class Requests:
    """The table of answered requests. A key belongs to the sender (the API key's id) that used it."""

    def __init__(self, client: RequestsClient, table_name: str, now: Callable[[], float] = time.time) -> None:
        self._client, self._table_name, self._now = client, table_name, now

    def find(self, sender: str, key: str) -> str | None:
        """Give the fingerprint kept under a key, or None. Raises TransientError when the table cannot answer now."""
        try:
            answer = self._client.get_item(TableName=self._table_name, Key=_key(sender, key), ConsistentRead=True)
        except Exception as error:
            if is_transient(error):
                raise TransientError(error_code(error)) from error
            raise
        item = answer.get("Item")
        # TTL deletes within days of the expiry, not at it.
        try:
            expired = item is None or int(item["expires_at"]["N"]) <= self._now()
            return None if item is None or expired else str(item["body_fingerprint"]["S"])
        except (KeyError, ValueError):  # changed by hand: the sinks ignore what they have, so the request may run again
            return None

    def keep(self, sender: str, key: str, body_fingerprint: str) -> None:
        """Keep a request whose rows are all on the stream; the first of two at the same time stays.

        Raises TransientError when the table cannot take it now.
        """
        now = int(self._now())
        try:
            self._client.put_item(
                TableName=self._table_name,
                Item={
                    **_key(sender, key),
                    "body_fingerprint": {"S": body_fingerprint},
                    "expires_at": {"N": str(now + KEPT_SECONDS)},
                },
                ConditionExpression="attribute_not_exists(idempotency_key) OR expires_at <= :now",
                ExpressionAttributeValues={":now": {"N": str(now)}},
            )
        except Exception as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return
            if is_transient(error):
                raise TransientError(error_code(error)) from error
            raise


def _key(sender: str, key: str) -> dict[str, dict[str, str]]:
    return {"idempotency_key": {"S": f"{sender}#{key}"}}
