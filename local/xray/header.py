"""The header X-Amzn-Trace-Id, and who is traced: one request a second and 5 % of the rest, as X-Ray's default rule.

https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
"""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from dataclasses import dataclass

RESERVOIR_PER_SECOND, RATE = 1, 0.05
_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")


@dataclass(frozen=True)
class Header:
    """A trace's id, the segment that called, and whether it is recorded (None: not decided yet)."""

    root: str
    parent: str | None = None
    sampled: bool | None = None

    def text(self) -> str:
        """The header's value."""
        parts = [f"Root={self.root}"]
        if self.parent:
            parts.append(f"Parent={self.parent}")
        if self.sampled is not None:
            parts.append(f"Sampled={int(self.sampled)}")
        return ";".join(parts)


def new_root() -> str:
    """A trace id of now."""
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def new_segment_id() -> str:
    """Sixteen hexadecimal digits."""
    return secrets.token_hex(8)


def parse(text: str | None) -> Header | None:
    """The header's parts, or None when it has no valid trace id."""
    fields = dict(part.strip().split("=", 1) for part in (text or "").split(";") if "=" in part)
    root = fields.get("Root", "")
    if not _ROOT.fullmatch(root):
        return None
    sampled = {"1": True, "0": False}.get(fields.get("Sampled", ""))
    return Header(root, fields.get("Parent") or None, sampled)


class Sampler:
    """Decides whether a request without a decision is traced. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._second, self._taken = 0, 0

    def decide(self) -> bool:
        """True for the first request of a second, and for one of twenty of the others."""
        with self._lock:
            second = int(time.time())
            if second != self._second:
                self._second, self._taken = second, 0
            if self._taken < RESERVOIR_PER_SECOND:
                self._taken += 1
                return True
        return random.random() < RATE  # noqa: S311
