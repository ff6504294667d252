"""Lets S3's notifications to queues outlive a kill of the emulator: they are delivered at least once, as S3 promises.

MiniStack sends a notification from a thread after it has answered, into a queue that it saves only when it is stopped.
An object is on the disk at once. So after a start, the creation of every object that is newer than the saved queues is
announced again: what was announced before the kill and is lost with the queue, and what had not been announced yet. A
consumer of S3's events expects to see one twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

EVENT = "s3:ObjectCreated:Put"
SLACK = timedelta(seconds=5)  # an object's time is of its request's beginning, the file's of the end of the save


def saved_at(state_folder: str) -> datetime:
    """When the queues were last saved; long ago if never."""
    path = Path(state_folder) / "sqs.json"
    return datetime.fromtimestamp(path.stat().st_mtime if path.exists() else 0.0, UTC)


def newer(buckets: dict[Any, Any], announced: dict[Any, Any], since: datetime) -> list[tuple[str, str, str, Any]]:
    """(account, bucket, key, object) created since a moment, of the buckets that notify a queue."""
    found = []
    for (account, name), bucket in list(buckets.items()):
        if "QueueConfiguration" not in announced.get((account, name), ""):
            continue
        for key, value in list(bucket["objects"].items()):
            if datetime.fromisoformat(value["last_modified"].replace("Z", "+00:00")) >= since:
                found.append((account, name, key, value))
    return sorted(found, key=lambda one: str(one[3]["last_modified"]))


def announcing(load: Callable[[], None], s3: Any, state_folder: str) -> Callable[[], None]:
    """`load`, after which what was created since the last save is announced again."""
    from ministack.core.responses import get_region, request_scope

    def loaded() -> None:
        since = saved_at(state_folder) - SLACK
        load()
        lost = newer(s3._buckets._data, s3._bucket_notifications._data, since)
        for account, bucket, key, value in lost:
            with request_scope(account, get_region()):
                s3._fire_s3_event(bucket, key, EVENT, int(value.get("size") or 0), str(value.get("etag") or ""))
        if lost:
            log.warning("announced %d objects again, of buckets that notify", len(lost))

    return loaded


def install() -> None:
    """Put it in place, after the journal. Raises AttributeError when MiniStack has these functions no more."""
    from ministack import app
    from ministack.core import persistence
    from ministack.services import s3

    app._load_persisted_state = announcing(app._load_persisted_state, s3, persistence.STATE_DIR)
