"""Who calls: API Gateway tells the id of the key. A usage plan opens a whole stage, reading and sending alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def api_key_id(event: Mapping[str, Any]) -> str:
    """Give the id (never the value) of the key that a proxy event came with; empty where there is none."""
    return ((event.get("requestContext") or {}).get("identity") or {}).get("apiKeyId") or ""
