"""Event source mappings of Kinesis as Lambda's API shows them: driven by local/event_sources, with their last result.

MiniStack's own poller of Kinesis knows no retries and no partial responses, so it stays out, whatever the State.
The last result of a mapping is read from the checkpoints of local/event_sources, which another process writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.event_sources.model import is_kinesis


def install(lambda_svc: Any, checkpoints: Path, whole: Callable[[], bool]) -> None:
    """Put this into MiniStack's module `lambda_svc`; `checkpoints` is the database of local/event_sources.

    Queues are polled only while `whole` says so.
    """
    respond, poll_queues = lambda_svc._esm_response, lambda_svc._poll_sqs

    def response(esm: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = respond(esm)
        if is_kinesis(answer) and (result := _last_result(checkpoints, str(answer.get("UUID", "")))):
            answer["LastProcessingResult"] = result
        return answer

    lambda_svc._esm_response = response
    lambda_svc._poll_kinesis = lambda: False
    lambda_svc._poll_sqs = lambda: poll_queues() if whole() else False


def _last_result(path: Path, uuid: str) -> str:
    if not path.exists():
        return ""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1) as db:
            row = db.execute("SELECT last_result FROM mapping WHERE uuid = ?", (uuid,)).fetchone()
    except sqlite3.OperationalError:  # not written yet, or by an older release
        return ""
    return str(row[0]) if row else ""
