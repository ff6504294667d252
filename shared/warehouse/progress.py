"""Progress of a run of migrate-warehouse: an object in the delivery bucket that the caller polls."""

from __future__ import annotations

import json
import re
from typing import Any

from shared.sinks.bucket import Bucket

FOLDER = "migrations"
_RUN = re.compile(r"[A-Za-z0-9-]{1,64}")


def key_of(run: str) -> str:
    """Give the key of a run's progress. Raises ValueError unless the run's id is a plain one."""
    if not _RUN.fullmatch(run):
        raise ValueError("expected a run id of 1 to 64 letters, digits and dashes")
    return f"{FOLDER}/{run}.json"


class Progress:
    """The steps of one run, in their order, and how it ended."""

    def __init__(self, bucket: Bucket, run: str) -> None:
        self._bucket, self._key = bucket, key_of(run)
        self._steps: list[str] = []

    def report(self, step: str) -> None:
        """Say what begins. Raises as Bucket.put does."""
        self._steps.append(step)
        self._put({"state": "running"})

    def end(self, error: BaseException | None = None, **result: Any) -> None:
        """Say how it ended. Raises as Bucket.put does."""
        self._put({"state": "failed", "error": str(error)} if error else {"state": "done", "result": result})

    def _put(self, about: dict[str, Any]) -> None:
        self._bucket.put(self._key, json.dumps({**about, "steps": self._steps}).encode(), "application/json")
