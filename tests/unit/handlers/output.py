"""What a function wrote to its log: JSON lines, some of which carry metrics (EMF)."""

from __future__ import annotations

import json
from typing import Any


def json_lines(text: str) -> list[dict[str, Any]]:
    """The log's lines."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def emitted(text: str) -> dict[str, Any]:
    """The one EMF line of an invocation, each metric's values in a list."""
    (line,) = (line for line in json_lines(text) if "_aws" in line)
    return line


def logged(text: str, message: str) -> dict[str, Any]:
    """The one log line with that message."""
    (line,) = (line for line in json_lines(text) if line.get("message") == message)
    return line
