"""Sets a function of MiniStack's, and fails when MiniStack has none of that name any more."""

from __future__ import annotations

from typing import Any


def replace(module: Any, name: str, ours: Any) -> None:
    """Raises AttributeError when there is nothing of that name to replace: is the replacement still needed?"""
    getattr(module, name)
    setattr(module, name, ours)
