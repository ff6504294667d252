"""The two kinds of error: terminal (quarantine it, continue) and transient (stop here, try again)."""

from __future__ import annotations

from collections.abc import Iterable


class TerminalError(Exception):
    """Trying again cannot help: the input itself is wrong."""


class TransientError(Exception):
    """A retry may help: a throttle, a timeout, an unavailable store."""


class RejectedError(TerminalError):
    """A row that a sender must correct.

    ``field`` and ``reason`` are the first finding, ``errors`` all of them as (column, reason). Columns are named
    as the sender names them. No reason ever holds a full card number.
    """

    def __init__(self, field: str, reason: str, errors: Iterable[tuple[str, str]] = ()) -> None:
        self.field = field
        self.reason = reason
        self.errors: list[tuple[str, str]] = list(errors) or [(field, reason)]
        super().__init__(field, reason, self.errors)

    @classmethod
    def of(cls, errors: Iterable[tuple[str, str]]) -> RejectedError:
        """Make one from at least one (column, reason)."""
        found = list(errors)
        return cls(*found[0], found)

    def __str__(self) -> str:
        return "; ".join(f"{field}: {reason}" for field, reason in self.errors)
