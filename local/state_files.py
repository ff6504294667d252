"""The emulator's state files carry a checksum, and a damaged one keeps the emulator from starting.

MiniStack takes a file that it cannot read as an empty service, and overwrites it with that when it stops. Here a file
begins with the SHA-256 of the rest, as a first member of its JSON that MiniStack does not look at. It is written beside
the old one, forced to the disk and then renamed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Any

from local.project import current

log = logging.getLogger(__name__)

_BEGIN, _END = b'{"sha256": "', b'", '
_HEAD_BYTES = len(_BEGIN) + 64 + len(_END)


class DamagedStateError(RuntimeError):
    """A state file is not what was written; the message names it."""


def sealed(state: bytes) -> bytes:
    """A JSON object with its checksum as the first member."""
    rest = state[1:]
    return _BEGIN + hashlib.sha256(rest).hexdigest().encode() + _END + rest


def is_whole(content: bytes) -> bool:
    """Whether a file is as it was written; one of a version without checksums, as MiniStack writes it, must be JSON."""
    if content.startswith(_BEGIN):
        return content[:_HEAD_BYTES] == sealed(b"{" + content[_HEAD_BYTES:])[:_HEAD_BYTES]
    if not content.startswith(b'{"__ministack_format__"'):
        return False
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False


def check(folder: Path) -> None:
    """Look at all state files. Raises DamagedStateError, before anything is overwritten."""
    for path in sorted(folder.glob("*.json")):
        if not is_whole(path.read_bytes()):
            raise DamagedStateError(
                f"{path} is damaged: the emulator's {path.stem} resources cannot be read. Nothing was changed. "
                f"Restore the file from a backup, or start with an empty home: `{current().command} down --reset`"
            )


def save(service: str, data: dict[str, Any]) -> None:
    """MiniStack's `save_state`: what cannot be saved is logged, and the old file stays."""
    from ministack.core import persistence

    path = Path(persistence.STATE_DIR) / f"{service}.json"
    new = path.with_suffix(".json.tmp")
    try:
        state = {"__ministack_format__": persistence._state_format_version(service), "payload": data}
        content = sealed(json.dumps(state, default=persistence._json_default).encode())
        if path.exists() and path.read_bytes() == content:
            path.touch()  # `local.saved_secrets` looks at when a state was saved
            return
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except Exception:
        log.exception("the state of %s is not saved", service)
        new.unlink(missing_ok=True)


def install() -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more."""
    from ministack.core import persistence

    from local.cloudwatch.replacing import replace

    replace(persistence, "save_state", save)
