"""One line of the acceptance test: what was checked, the result, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OK, FAILED, SKIPPED = "ok", "FAILED", "skipped"


@dataclass
class Line:
    """A check and its result: ``detail`` says what was found, ``remedy`` what to do. It took ``seconds``."""

    name: str
    status: str
    detail: str = ""
    remedy: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The line as programs read it."""
        return asdict(self)


class CheckFailedError(Exception):
    """A check failed: ``detail`` names the cause, ``remedy`` says what to do."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.detail, self.remedy = detail, remedy


class NotAvailableError(Exception):
    """A check that cannot be made on this stage; the message says why."""


def listed(problems: list[str], most: int = 5) -> str:
    """Several problems as one line; the first ones in full."""
    more = f"; and {len(problems) - most} more" if len(problems) > most else ""
    return "; ".join(problems[:most]) + more
