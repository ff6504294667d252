"""Forgets log events that are past their group's retention, and the oldest of a group beyond the most it may hold.

MiniStack keeps all, and a log stream per invocation: a stack that runs for days would only grow.
"""

from __future__ import annotations

from typing import Any

MOST_EVENTS_A_GROUP = 100_000
MILLISECONDS_A_DAY = 86_400_000


def tidy(groups: dict[str, dict[str, Any]], now_milliseconds: int) -> int:
    """Remove whole log streams, oldest first; how many were removed."""
    removed = 0
    for group in groups.values():
        streams = group["streams"]
        days = group.get("retentionInDays")
        oldest = now_milliseconds - days * MILLISECONDS_A_DAY if days else 0
        copied = list(streams.items())  # an invocation may add one meanwhile
        newest_first = sorted(copied, key=lambda pair: -(pair[1].get("lastEventTimestamp") or 0))
        held = 0
        for name, stream in newest_first:
            last = stream.get("lastEventTimestamp")
            held += len(stream["events"])
            if last is not None and (last < oldest or held > MOST_EVENTS_A_GROUP):
                streams.pop(name, None)
                removed += 1
    return removed
