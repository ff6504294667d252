"""Removes the items whose time to live is over, found by an index of their own."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from types import ModuleType
from typing import Any

from local.tables.items import StoredItems

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
AT_ONCE = 1_000
THREAD = "dynamodb-ttl-reaper"  # MiniStack's: it walks over all items of all tables


class StopsReaper(ModuleType):
    """The module `time` for MiniStack's DynamoDB, whose own reaper never wakes after its first sleep."""

    def sleep(self, seconds: float) -> None:
        if threading.current_thread().name == THREAD:
            threading.Event().wait()
        time.sleep(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def remove_expired(dynamodb: Any, now: float) -> int:
    """Remove what has expired; give how many."""
    removed = 0
    for scope, setting in dynamodb._ttl_settings.all_items():
        table = dynamodb._tables.get_scoped(*scope)
        if not table or not isinstance(table.get("items"), StoredItems):
            continue
        rows = table["items"].rows
        rows.set_ttl(setting.get("AttributeName") if setting.get("TimeToLiveStatus") == "ENABLED" else None)
        while keys := rows.expired(now, AT_ONCE):
            with rows.database.lock:
                for key in keys:
                    dynamodb._remove_item(table, *key)
                rows.database.commit()
            removed += len(keys)
    return removed


def start(dynamodb: Any) -> None:
    """Remove what has expired once a minute, in a thread."""

    def forever() -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            try:
                remove_expired(dynamodb, time.time())
            except sqlite3.Error as error:
                log.warning("expired items stay for now: %s", error)

    dynamodb.time = StopsReaper("time")
    threading.Thread(target=forever, name="tables-expiry", daemon=True).start()
