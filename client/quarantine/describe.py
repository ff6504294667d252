"""Describes one entry: its position, its reason and its content, with card numbers masked."""

from __future__ import annotations

from typing import Any

from client.errors import ClientError
from client.quarantine import batches, lines, manifests
from client.quarantine.entries import KINDS, Entry
from shared.card_numbers.masking import mask

_SHOWN_BYTES = 4096


def describe(entry: Entry, body: bytes) -> dict[str, Any]:
    """Describe an entry. Raises ClientError if its object cannot be read."""
    head = {"kind": entry.kind, "what": KINDS[entry.kind].title, "key": entry.key}
    if entry.kind == "lines":
        found = lines.parse(body, entry.key)
        data = found.pop("data")
        text = data[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
        return head | found | {"bytes": len(data), "text": mask(text)}
    if entry.kind == "batches":
        record = batches.parse(body, entry.key)
        return head | record | {"payload": f"{len(record['payload']['Records'])} records"}
    return head | {"objects": manifests.parse(body, entry.key)}


def original_bytes(entry: Entry, body: bytes) -> bytes:
    """Give a bad line's bytes as they were on the stream, without the newline. Raises ClientError for another kind."""
    if entry.kind != "lines":
        raise ClientError(f"--raw works for lines only; {entry.key} belongs to {entry.kind}.")
    return bytes(lines.parse(body, entry.key)["data"])
