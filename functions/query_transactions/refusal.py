"""Why a request is refused: a status, a message, and the fields at fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class RefusalError(Exception):
    """A request that cannot be answered as it is. No message repeats what was sent: it may be a card number."""

    def __init__(self, status: int, message: str, errors: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, list(errors)

    def body(self, request_id: str) -> dict[str, Any]:
        """Give the answer's body."""
        body: dict[str, Any] = {"message": self.message, "request_id": request_id}
        if self.errors:
            body["errors"] = [{"field": field, "reason": reason} for field, reason in self.errors]
        return body


def bad(field: str, reason: str) -> RefusalError:
    """Give the refusal of one field."""
    return RefusalError(400, f"{field} {reason}", [(field, reason)])


def from_findings(findings: Iterable[Mapping[str, Any]]) -> RefusalError:
    """Turn pydantic's findings into a refusal; the values that were found wrong are left out."""
    errors = [(_field(finding["loc"]), str(finding["msg"])) for finding in findings]
    field, reason = errors[0]
    return RefusalError(400, f"{field}: {reason}", errors)


def _field(loc: Iterable[Any]) -> str:
    names = [str(part) for part in loc]
    return ".".join(names[1:]) or names[0]
