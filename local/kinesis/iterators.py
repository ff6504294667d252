"""Shard iterators: where in which shard to read on, in the token itself, so that none is kept in memory. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

_MARK = "swipeline-1"


class Iterator(NamedTuple):
    """The position behind which to continue reading; `table` is the store's: a stream made again does not take it."""

    stream: str
    shard_id: str
    table: int
    after: int
    made_at: int  # microseconds since 1970


def encode(iterator: Iterator) -> str:
    """The token."""
    text = "/".join((_MARK, *map(str, iterator)))
    return base64.b64encode(text.encode()).decode()


def decode(token: object) -> Iterator:
    """Read a token. Raises ValueError if it is not one."""
    try:
        parts = base64.b64decode(str(token), validate=True).decode().split("/")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not a shard iterator") from error
    if len(parts) != 6 or parts[0] != _MARK:
        raise ValueError("not a shard iterator")
    _, stream, shard_id, *numbers = parts
    table, after, made_at = map(int, numbers)
    return Iterator(stream, shard_id, table, after, made_at)


def stream_of(request: Mapping[str, Any]) -> str:
    """The name of the stream that a request is about; empty if it does not say."""
    if request.get("StreamName"):
        return str(request["StreamName"])
    if request.get("StreamARN"):
        return str(request["StreamARN"]).rsplit("/", 1)[-1]
    try:
        return decode(request.get("ShardIterator")).stream
    except ValueError:
        return ""
