"""Log events as Insights sees them: the system fields, the fields of a JSON message, those of Lambda's own lines."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import orjson

from local.insights.expressions import Moment
from local.insights.functions import shown

MOST_FIELDS = 200
_REPORT = {
    "@duration": re.compile(r"\bDuration: ([\d.]+) ms"),
    "@billedDuration": re.compile(r"Billed Duration: ([\d.]+) ms"),
    "@memorySize": re.compile(r"Memory Size: (\d+) MB"),
    "@maxMemoryUsed": re.compile(r"Max Memory Used: (\d+) MB"),
    "@initDuration": re.compile(r"Init Duration: ([\d.]+) ms"),
}
_PLATFORM = re.compile(r"^(START|END|REPORT) RequestId: ([0-9a-f-]{36})")


def record(event: dict[str, Any], group: str, stream: str, account: str, pointer: str) -> dict[str, Any]:
    """The fields of one log event."""
    message = str(event["message"])
    found: dict[str, Any] = {
        "@timestamp": Moment(event["timestamp"]),
        "@ingestionTime": Moment(event.get("ingestionTime", event["timestamp"])),
        "@message": message,
        "@logStream": stream,
        "@log": f"{account}:{group}",
        "@ptr": pointer,
    }
    if message.startswith("{"):
        try:
            node = orjson.loads(message)
        except json.JSONDecodeError:
            return found
        if isinstance(node, dict):
            _flatten(node, "", found)
        return found
    platform = _PLATFORM.match(message)
    if platform:
        found |= {"@type": platform.group(1), "@requestId": platform.group(2)}
        for name, pattern in _REPORT.items():
            if platform.group(1) == "REPORT" and (match := pattern.search(message)):
                found[name] = float(match.group(1))
    return found


def _flatten(node: Any, prefix: str, found: dict[str, Any]) -> None:
    """a.b for an object in an object, a.0 for an array's first; at most 200 fields, as Insights."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for name, value in pairs:
        if len(found) >= MOST_FIELDS:
            return
        path = f"{prefix}{name}"
        if isinstance(value, dict | list):
            _flatten(value, f"{path}.", found)
        elif value is not None:
            found.setdefault(path, value)


def display(name: str, value: Any) -> str:
    """A field's value in a row of the answer."""
    if isinstance(value, Moment):
        moment = datetime.fromtimestamp(value / 1000, UTC)
        return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{int(value) % 1000:03d}"
    return shown(value)
