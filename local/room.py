"""Room on the disk for a home: how much is left, and when writes stop.

Writes stop while there is still a reserve, so that everything else can continue: logs, positions, the state of the
supervisor. `SWIPELINE_MAX_DISK` (bytes, or with K, M, G: `20G`) limits what the home itself may take.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "SWIPELINE_MAX_DISK"
RESERVE_BYTES = 64 * 1024 * 1024
RESUME_BYTES = 96 * 1024 * 1024  # a bit more, or writes would stop and resume all the time
START_BYTES = 256 * 1024 * 1024  # an empty stack takes about 150 MB: its functions are unpacked
FREE_SECONDS, USED_SECONDS = 1.0, 15.0  # how old a measurement may be
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def limit_from(environ: Mapping[str, str]) -> int | None:
    """The limit in bytes; None: no limit. Raises ValueError for a text that is no size."""
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:I?B)?", text.upper())
    if found is None:
        raise ValueError(f"{VARIABLE} is {text!r}, expected a size, e.g. 20G")
    return int(float(found[1]) * _UNITS[found[2]])


def used_bytes(home: Path) -> int:
    """What the files of a home take."""
    total = 0
    for folder, _, names in os.walk(home):
        for name in names:
            try:
                total += Path(folder, name).lstat().st_blocks * 512
            except OSError:  # removed meanwhile
                continue
    return total


class Room:
    """The room of one home, measured when somebody asks, but not each time."""

    def __init__(self, home: Path, limit: int | None) -> None:
        self._home, self._limit = home, limit
        self._lock = threading.Lock()
        self._left, self._measured = 0, float("-inf")
        self._used, self._walked = 0, float("-inf")
        self._full = False

    def left(self) -> int:
        """Bytes that may still be written."""
        now = time.monotonic()
        with self._lock:
            if now >= self._measured + FREE_SECONDS:
                self._left, self._measured = shutil.disk_usage(self._home).free, now
                if self._limit is not None:
                    if now >= self._walked + USED_SECONDS:
                        self._used, self._walked = used_bytes(self._home), now
                    self._left = min(self._left, self._limit - self._used)
            return self._left

    def problem(self) -> str:
        """Why nothing may be written now; empty when it may."""
        left = self.left()
        self._full = left < (RESUME_BYTES if self._full else RESERVE_BYTES)
        if not self._full:
            return ""
        what = (
            f"the limit {VARIABLE} is reached" if self._limit is not None and left < self._free() else "no space left"
        )
        return (
            f"disk full: {what} ({max(left, 0) / 2**20:,.0f} MiB left for {self._home}, {RESUME_BYTES / 2**20:.0f} "
            "needed). Nothing is lost: writes resume when there is room"
        )

    def _free(self) -> int:
        return shutil.disk_usage(self._home).free
