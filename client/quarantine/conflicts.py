"""Conflicts: contents of a transaction that do not count, until a person says otherwise (docs/one-truth.md)."""

from __future__ import annotations

import json
from typing import Any

from client.aws import Stage
from client.correct import caller, corrected, send
from client.errors import ClientError
from client.quarantine.entries import DISCARDED, Quarantine
from shared.transaction.codec import BadLine, decode_line

STORED, OTHER = "stored", "other"


def parse(body: bytes, key: str) -> dict[str, Any]:
    """Read an object. Raises ClientError if it is none."""
    try:
        found = dict(json.loads(body))
        _ = found["transaction_id"], found["fields"], found["conflict"].encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClientError(f"{key} is not a conflict: it may have been put there by hand.") from error
    return found


def settle(stage: Stage, key: str, keep: str, act: bool) -> dict[str, Any]:
    """Keep what the stores have, or make the other content count: a correction that says who made it, and when.

    Killed in between, the correction is sent again by the next run, which changes nothing. Raises ClientError for an
    unknown key or choice, and when the stream does not take the correction.
    """
    if keep not in (STORED, OTHER):
        raise ClientError(f"--keep: expected {STORED} or {OTHER}.")
    quarantine = Quarantine(stage)
    entry = quarantine.find(key)
    if entry.kind != "conflicts":
        raise ClientError(f"{key} is not a conflict; it belongs to {entry.kind}.")
    found = parse(quarantine.read(entry), key)
    if act:
        by = caller(stage)
        if keep == OTHER:
            other = decode_line(found["conflict"].encode())
            if isinstance(other, BadLine):
                raise ClientError(f"{key} holds no content that every store takes: {other.reason}.")
            send(stage, corrected(other, by))
            quarantine.move(entry, settled_by=by)
        else:
            quarantine.move(entry, DISCARDED, settled_by=by)
    return {
        "key": key,
        "transaction_id": found["transaction_id"],
        "keep": keep,
        "fields": found["fields"],
        "acted": act,
    }
