"""Why a query is refused or fails, in Athena's words."""

from __future__ import annotations


class QueryError(Exception):
    """``code`` is Trino's, such as TYPE_MISMATCH; the message begins with it, as Athena's StateChangeReason does."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class ScanLimitError(QueryError):
    """The query would read more than its workgroup allows."""

    def __init__(self) -> None:
        super().__init__("EXCEEDED_SCAN_LIMIT", "Bytes scanned limit was exceeded")


def unsupported(what: str) -> QueryError:
    """What Athena may know and this one does not."""
    return QueryError("NOT_SUPPORTED", f"{what} is not supported by the embedded Athena")
