"""What an account must have before a stage is deployed to it."""

from __future__ import annotations

from typing import Any

from client.verify.run import Run, Tell


def preflight(run: Run, tell: Tell) -> dict[str, Any]:
    """Make the checks."""
    return {}
