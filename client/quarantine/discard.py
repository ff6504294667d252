"""Discards entries that will never be processed: they move to discarded/ of their bucket, with who, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from client.aws import Stage
from client.errors import ClientError
from client.quarantine.entries import DISCARDED, Quarantine
from client.quarantine.run import chosen_kinds
from shared.card_numbers.masking import mask_text

MOST_NOTE_CHARACTERS = 500  # S3 keeps at most 2 KB of metadata per object


@dataclass
class Discard:
    """Counts of entries by kind before and after, and the keys that were (or, in a dry run, would be) discarded."""

    stage: str
    dry_run: bool
    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return asdict(self)


def discard(stage: Stage, keys: Sequence[str], kind: str | None, note: str, act: bool = False) -> Discard:
    """Move the entries of the keys, or all entries of a kind, to discarded/. Without ``act``, change nothing.

    If it is killed, an entry is in its place, in both places, or moved; the next run finishes. Raises ClientError if
    neither keys nor a kind is given, for an unknown key or kind, and for an empty or too long note.
    """
    note = note.strip()
    if not keys and kind is None:
        raise ClientError("Name the entries to discard: keys from `quarantine list`, or --kind.")
    if not 1 <= len(note) <= MOST_NOTE_CHARACTERS:
        raise ClientError(f"--note must have 1 to {MOST_NOTE_CHARACTERS} characters: why are these entries discarded?")
    quarantine = Quarantine(stage)
    kinds = chosen_kinds(kind)
    entries = [quarantine.find(key) for key in dict.fromkeys(keys)] or list(quarantine.entries(kinds))
    done = Discard(stage.name, not act, quarantine.counts(), keys=[entry.key for entry in entries])
    if act:
        caller = stage.client("sts").get_caller_identity()["Arn"]
        # Metadata is ASCII only: anything else is percent-encoded.
        about = {"discarded-by": caller, "note": quote(mask_text(note), safe=" !#$&'()*+,-./:;=?@[]_~")}
        for entry in entries:
            quarantine.move(entry, DISCARDED, **about)
    done.after = quarantine.counts()
    return done
