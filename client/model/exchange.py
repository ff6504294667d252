"""Puts a challenger in the champion's place, and the champion back; each exchange is noted with who and when."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from client.errors import ClientError
from fraud.model import SHIPPED, ModelError, load

PARTS = (".json", ".card.json", ".card.md")
PREVIOUS, NOTES = "previous", "promotions.jsonl"


def promote(challenger: Path, by: str, champion: Path = SHIPPED) -> str:
    """Make a model file and its card the champion; the one before stays beside it. Returns its version.

    Raises ClientError if the challenger cannot be served, or has no card.
    """
    version = _version(challenger)
    missing = [path.name for path in _files(challenger) if not path.exists()]
    if missing:
        raise ClientError(f"{challenger} lacks {' and '.join(missing)}: a model comes with its card.")
    before = _version(champion)
    if version == before:
        raise ClientError(f"{version} is the champion already.")
    _copy(champion, champion.with_name(f"{PREVIOUS}.json"))
    _copy(challenger, champion)
    note(champion, "promoted", by, champion=version, before=before)
    return version


def back(by: str, champion: Path = SHIPPED) -> str:
    """Make the champion before the last promotion the champion again. Returns its version. Raises ClientError."""
    previous = champion.with_name(f"{PREVIOUS}.json")
    if not previous.exists():
        raise ClientError("No model was promoted here: there is nothing to go back to.")
    version, before = _version(previous), _version(champion)
    aside = champion.with_name("aside.json")
    _copy(champion, aside)
    _copy(previous, champion)
    _copy(aside, previous)
    for path in _files(aside):
        path.unlink()
    note(champion, "went back", by, champion=version, before=before)
    return version


def _version(path: Path) -> str:
    try:
        return load(path).version
    except (ModelError, OSError) as error:
        raise ClientError(f"{path} is not a model that this release can serve: {error}.") from error


def _files(path: Path) -> list[Path]:
    return [path.with_name(path.name.removesuffix(".json") + part) for part in PARTS]


def _copy(source: Path, target: Path) -> None:
    for one, other in zip(_files(source), _files(target), strict=True):
        shutil.copyfile(one, other)


def note(beside: Path, what: str, by: str, **versions: str) -> None:
    """Add a line to the notes beside the champion's file: what was done, with which versions, by whom and when."""
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    with beside.with_name(NOTES).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps({"at": at, "by": by, "what": what} | versions) + "\n")
