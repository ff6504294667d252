"""The Data API's sessions: a database session kept between statements, with its temporary tables and settings.

https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-session-reuse.html
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.redshift.engine import Session
from local.redshift.errors import ApiError, not_found, validation

MAX_SESSIONS = 500  # "Maximum number of sessions per cluster or workgroup: 500"


@dataclass
class Kept:
    """A session: where it is, whose it is, until when it is kept (after its last statement)."""

    id: str
    owner: str
    target: dict[str, str]
    keep_seconds: int
    created: float
    used: float
    session: Session | None = None
    busy: bool = False
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def status(self) -> str:
        return "CLOSED" if self.closed else "BUSY" if self.busy else "AVAILABLE"

    def described(self) -> dict[str, Any]:
        """SessionData."""
        return {"SessionId": self.id, "Status": self.status, "CreatedAt": self.created, "UpdatedAt": self.used} | {
            "SessionTtl": self.created + 24 * 3600,
            "SessionAliveSeconds": self.keep_seconds,
            **self.target,
        }


class Sessions:
    """Thread-safe. Sessions live in memory: a restart closes them, as it would on AWS."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}

    def start(self, owner: str, target: dict[str, str], keep_seconds: int) -> Kept:
        """A new session. Raises ActiveSessionsExceededException."""
        self.expire()
        with self._lock:
            if len(self._kept) >= MAX_SESSIONS:
                raise ApiError(
                    "ActiveSessionsExceededException", f"Active sessions exceeded the allowed quota ({MAX_SESSIONS})."
                )
            now = self._now()
            kept = Kept(str(uuid.uuid4()), owner, target, keep_seconds, now, now, busy=True)
            self._kept[kept.id] = kept
            return kept

    def take(self, session_id: str, owner: str, keep_seconds: int | None) -> Kept:
        """A session for its next statement. Raises ApiError when it is not there, or a statement runs in it."""
        self.expire()
        with self._lock:
            kept = self._kept.get(session_id)
            if kept is None or kept.owner != owner:
                raise not_found(f"Session {session_id} does not exist or has expired.", session_id)
            if kept.busy:
                raise validation(f"Session {session_id} is busy: a statement is running in it")
            kept.busy = True
            kept.keep_seconds = kept.keep_seconds if keep_seconds is None else keep_seconds
            return kept

    def get(self, session_id: str) -> Kept | None:
        with self._lock:
            return self._kept.get(session_id)

    def release(self, session_id: str) -> None:
        """The statement in it is over."""
        with self._lock:
            kept = self._kept.get(session_id)
            if kept:
                kept.busy, kept.used = False, self._now()
        self.expire()

    def listed(self, owner: str) -> list[Kept]:
        """The owner's sessions, the newest first."""
        self.expire()
        with self._lock:
            return sorted((k for k in self._kept.values() if k.owner == owner), key=lambda k: -k.created)

    def expire(self) -> None:
        """Close what has not been used for as long as it was to be kept."""
        with self._lock:
            over = [k for k in self._kept.values() if not k.busy and k.used + k.keep_seconds <= self._now()]
            for kept in over:
                del self._kept[kept.id]
        for kept in over:
            _close(kept)

    def close(self) -> None:
        with self._lock:
            kept, self._kept = list(self._kept.values()), {}
        for item in kept:
            _close(item)


def _close(kept: Kept) -> None:
    kept.closed = True
    if kept.session:
        kept.session.connection.close()
