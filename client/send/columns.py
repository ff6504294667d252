"""A file's header against the API's columns: checked once, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from client.errors import ClientError
from shared.transaction.schema import IGNORED_SOURCES, REQUIRED_SOURCES, SOURCES

# What `send` adds to a file of rejected rows: the file can be corrected and sent again as it is.
LINE, FIELD, REASON = "rejected_line", "rejected_field", "rejected_reason"
NOT_SENT = frozenset(IGNORED_SOURCES) | {LINE, FIELD, REASON}
SENT = SOURCES.keys()


def check_columns(names: Sequence[str], file: str) -> None:
    """Raise one ClientError that says all that is wrong with the columns: missing, unknown, twice, or no header."""
    if not any(name in SENT for name in names):
        raise ClientError(f"{file} has no header: its first line must name the columns, as in {_example()}.")
    wrong = []
    missing = [name for name in REQUIRED_SOURCES if name not in names]
    unknown = [name for name in names if name not in SENT and name not in NOT_SENT]
    twice = sorted({name for name in names if names.count(name) > 1 and name in SENT})
    if missing:
        wrong.append(f"missing: {', '.join(missing)}")
    if unknown:
        wrong.append(f"unknown: {', '.join(repr(name[:40]) for name in unknown[:8])}")
    if twice:
        wrong.append(f"twice: {', '.join(twice)}")
    if wrong:
        raise ClientError(f"{file} has other columns than the API takes ({'; '.join(wrong)}). Nothing was sent.")


def _example() -> str:
    return f"{','.join(REQUIRED_SOURCES[:3])},..."
