"""Keeps metrics over restarts: every few seconds, what changed is appended to a file; at the start, the file is read.

After `kill -9` at most those few seconds of metrics are gone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from local.cloudwatch.store import MetricStore

EVERY_SECONDS = 10.0
MOST_BYTES = 64 * 1024 * 1024


class Keeper:
    """Writes the store's changes into `metrics.ndjson` of a folder; a line is one state of one bin."""

    def __init__(self, store: MetricStore, folder: Path) -> None:
        self._store, self._path = store, folder / "metrics.ndjson"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()

    def load(self, now: float) -> None:
        """Read the file, drop what is too old, and rewrite it without repetitions."""
        if self._path.exists():
            self._store.load(self._entries())
            self._store.tidy(now)
        self.rewrite()

    def _entries(self) -> Iterator[list[Any]]:
        with self._path.open("rb") as file:
            for line in file:
                try:
                    yield orjson.loads(line)
                except json.JSONDecodeError:
                    continue  # the kill cut it off

    def rewrite(self) -> None:
        """Write all that the store holds."""
        with self._lock:
            new = self._path.with_suffix(".new")
            with new.open("wb") as file:
                self._store.take_changed()
                file.writelines(orjson.dumps(entry) + b"\n" for entry in self._store.dump())
            new.replace(self._path)

    def append(self) -> None:
        """Write what changed since the last time."""
        entries = self._store.take_changed()
        if not entries:
            return
        with self._lock, self._path.open("ab") as file:
            file.writelines(orjson.dumps(entry) + b"\n" for entry in entries)
        if self._path.stat().st_size > MOST_BYTES:
            self.rewrite()
