"""Saves the state of Secrets Manager after each change of it: a secret outlives `kill -9`.

MiniStack keeps its state in memory and saves it when it stops (and after a deployment, see `local.snapshot`). Tables
and streams are in databases of their own (`local.tables`, `local.kinesis`), S3 objects are files. Secrets are few and
change rarely, so their state is saved as a whole before a change is answered: a card key that was rotated in and lost
would make every card id made with it worthless. Log events, and changes to the stack's own resources since the last
save, are not kept.

A write is handed to the kernel, not forced to the disk: it outlives the process, not a power cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECRETS = "secretsmanager"
WRITES = (
    "_create_secret",
    "_put_secret_value",
    "_update_secret",
    "_update_secret_version_stage",
    "_rotate_secret",
    "_delete_secret",
    "_restore_secret",
)
_CLOCK_LAG_NS = 100_000_000  # a file system's clock lags behind
Answer = tuple[int, Any, bytes]


def saved_since(service: str, moment_ns: int) -> bool:
    """Whether MiniStack's file of a service's state is newer: it logs a state that it cannot save and continues."""
    from ministack.core import persistence

    path = Path(persistence.STATE_DIR) / f"{service}.json"
    return path.exists() and path.stat().st_mtime_ns >= moment_ns


def saved_at_once(write: Callable[[Any], Answer], service: str, state: Callable[[], Any]) -> Callable[[Any], Answer]:
    """A function of MiniStack that writes; when it succeeded, the service's whole state is saved before the answer."""
    from ministack.core import persistence

    def written(data: Any) -> Answer:
        answer = write(data)
        if answer[0] == 200:
            before = time.time_ns() - _CLOCK_LAG_NS
            persistence.save_state(service, state())
            if not saved_since(service, before):
                raise OSError(f"the state of {service} cannot be saved")
        return answer

    return written


def install() -> None:
    """Put it in place. Raises AttributeError when MiniStack no longer has these functions."""
    from ministack.services import secretsmanager

    for name in WRITES:
        setattr(secretsmanager, name, saved_at_once(getattr(secretsmanager, name), SECRETS, secretsmanager.get_state))
