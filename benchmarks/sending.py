"""Requests of rows to the API, closed loop and open loop, each with its time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from tests.e2e.stack import Stack


@dataclass
class Sent:
    """One acknowledged request. `due`: when it was to begin; in the closed loop, when it did. Monotonic seconds."""

    due: float
    done: float
    rows: int

    @property
    def seconds(self) -> float:
        """How long its rows waited for their acknowledgement."""
        return self.done - self.due


class Sender:
    """Posts bodies, a session per thread; raises RuntimeError on any answer but 202."""

    def __init__(self, stack: Stack) -> None:
        self._url, self._key = stack.url, stack.api_key
        self._sessions = threading.local()

    def post(self, rows: Sequence[dict[str, Any]], due: float | None = None) -> Sent:
        """Send rows as one request."""
        session = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.headers.update({"x-api-key": self._key, "Content-Type": "application/json"})
        began = time.monotonic()
        answer = session.post(self._url, data=json.dumps(rows), timeout=60)
        if answer.status_code != 202:
            raise RuntimeError(f"the API answered {answer.status_code}: {answer.text[:200]}")
        return Sent(began if due is None else due, time.monotonic(), len(rows))

    def closed_loop(self, requests_: Sequence[Sequence[dict[str, Any]]], workers: int) -> list[Sent]:
        """Each worker sends its next request when the last was answered."""
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(self.post, requests_))

    def open_loop(
        self, requests_: Sequence[Sequence[dict[str, Any]]], per_second: float, workers: int = 8
    ) -> list[Sent]:
        """Requests begin when they are due, whether those before are answered or not: waiting counts as latency."""
        start = time.monotonic() + 0.2
        with ThreadPoolExecutor(workers) as pool:
            waiting = []
            for number, rows in enumerate(requests_):
                due = start + number / per_second
                time.sleep(max(0.0, due - time.monotonic()))
                waiting.append(pool.submit(self.post, rows, due))
            return [one.result() for one in waiting]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def chunks(rows: Sequence[dict[str, Any]], size: int) -> list[Sequence[dict[str, Any]]]:
    """Consecutive rows, so many at a time."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
