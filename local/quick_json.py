"""Lets MiniStack read requests with orjson.

MiniStack 1.5.33 parses a request's body for each question of the permission check and once more for the work: a third
of the emulator's CPU while batches are written. What orjson does not take (NaN, UTF-16) goes to the standard library,
whose answer or error it then is. Integers of more than 64 bits would become floats: no request of these services has
any, DynamoDB's numbers are texts.
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import orjson


def loads(text: str | bytes | bytearray, **how: Any) -> Any:
    """As `json.loads`, quicker."""
    if not how:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass
    return json.loads(text, **how)


class QuickJson(ModuleType):
    """The module `json`, with :func:`loads` in the place of its own."""

    loads = staticmethod(loads)

    def __getattr__(self, name: str) -> Any:
        return getattr(json, name)


def read_requests_quickly() -> None:
    """Put it in place. Raises AttributeError when a module has no `json` any more: is it still needed?"""
    from ministack.core import iam_actions
    from ministack.services import dynamodb, kinesis

    quick = QuickJson("json")
    for module in (iam_actions, dynamodb, kinesis):
        if module.json is not json:
            raise AttributeError(f"{module.__name__} does not use the module json")
        module.json = quick
