"""Who may call what: an allow-list of callers per route and method. What is not named here is closed to every key.

A usage plan opens a whole stage, reading and sending alike, so the functions check the id of the key themselves. Each
knows the ids of those keys alone that it serves, from its environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENDER, READER, REVIEWER = "sender", "reader", "reviewer"
_READERS = frozenset({READER, REVIEWER})
SEND = ("POST", "/transactions")
VERDICT = "/alerts/{alert_id}/verdict"  # decides what the next model learns
ASSIGNMENT = "/alerts/{alert_id}/assignment"
CORRECTION = "/transactions/{transaction_id}/corrections"
ALLOWED: Mapping[tuple[str, str], frozenset[str]] = {
    SEND: frozenset({SENDER}),
    ("GET", "/transactions"): _READERS,
    ("POST", "/transactions/search"): _READERS,
    ("GET", "/transactions/{transaction_id}"): _READERS,
    ("GET", "/merchants"): _READERS,
    ("GET", "/alerts"): _READERS,
    ("GET", "/alerts/{alert_id}"): _READERS,
    ("POST", VERDICT): frozenset({REVIEWER}),
    ("POST", ASSIGNMENT): frozenset({REVIEWER}),
    ("POST", CORRECTION): frozenset({REVIEWER}),
    ("GET", "/health"): _READERS,
}


class Callers:
    """The keys that a function serves, by their ids (never their values): caller -> id."""

    def __init__(self, **ids: str) -> None:
        self._callers = {identifier: caller for caller, identifier in ids.items() if identifier}

    def named(self, event: Mapping[str, Any]) -> str | None:
        """Give who called (``reader``); None for a key that the function does not serve."""
        return self._callers.get(api_key_id(event))

    def may(self, event: Mapping[str, Any], method: str, path: str) -> bool:
        """Whether the caller may make a call, ``path`` as the template has it."""
        return self.named(event) in ALLOWED.get((method, path), frozenset())


def api_key_id(event: Mapping[str, Any]) -> str:
    """Give the id of the key that a proxy event came with; empty where there is none."""
    return ((event.get("requestContext") or {}).get("identity") or {}).get("apiKeyId") or ""
