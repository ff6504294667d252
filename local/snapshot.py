"""Saves the emulator's state while it runs, so that a killed emulator comes back with the stack that was deployed.

MiniStack saves on SIGTERM only; S3 objects are on the disk at once. `POST /_swipeline/snapshot` saves what it would
save on SIGTERM; requests wait meanwhile, so what is saved fits together.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

from local.control import call
from local.settings import Settings

SNAPSHOT_PATH = "/_swipeline/snapshot"
LONGEST_SNAPSHOT_SECONDS = 300.0


def save() -> tuple[HTTPStatus, dict[str, Any]]:
    """Save now, in the emulator's process."""
    from ministack.app import _build_persistence_save_dict
    from ministack.core.persistence import save_all

    started = time.monotonic()
    save_all(_build_persistence_save_dict())
    return HTTPStatus.OK, {"seconds": round(time.monotonic() - started, 3)}


def take_snapshot(settings: Settings) -> None:
    """Ask a running emulator for a snapshot. Raises OSError when it can't be reached or doesn't save."""
    status, _ = call(settings, "POST", SNAPSHOT_PATH, timeout=LONGEST_SNAPSHOT_SECONDS)
    if status != HTTPStatus.OK:
        raise OSError(f"the emulator answered {status} to {SNAPSHOT_PATH}")
