"""Names of columns: the API's, and the forms in which files write them."""

from __future__ import annotations

import re
import string

from shared.transaction.schema import IGNORED_SOURCES, REQUIRED_SOURCES, SOURCES

# What `send` adds to a file of rejected rows, in front: the file can be corrected and sent again as it is.
LINE, FIELD, REASON = "rejected_line", "rejected_field", "rejected_reason"
ADDED = (LINE, FIELD, REASON)
SENT = frozenset(SOURCES)
OPTIONAL = frozenset(source for source, field in SOURCES.items() if field.optional)
REQUIRED = REQUIRED_SOURCES
KNOWN = SENT | IGNORED_SOURCES | frozenset(ADDED)

# Row numbers that pandas (index, merges, re-reads), Spark, DuckDB, R and spreadsheets add. Dropped if they are numbers.
_ROW_NUMBER = re.compile(
    r"|unnamed: ?\d+(?:\.\d+)*|_c\d+|c\d+|column_?\d+|col_?\d+|f\d+|index|level_\d+|__index_level_\d+__|x\.?\d*|v1"
    r"|\.\.\.\d+|row_?(?:num(?:ber)?|id|names?|no|nr)?|rn|rownum|no\.?|nr\.?|#|idx|line_?(?:no|num|number)?|__rowid__|rowid"
)


_UNSEEN = string.whitespace + "\u00a0\u200b\u200c\u200d\u2060\ufeff"


def plain_name(name: str) -> str:
    """A name as it is compared: without case, outer spaces and quotes; spaces and dashes within are underscores."""
    text = name.strip(_UNSEEN).strip("\"'").strip(_UNSEEN)
    return re.sub(r"[\s-]+", "_", text).lower() if not text.lower().startswith("unnamed") else text


def api_name(name: str) -> str | None:
    """The API's name of a column, or None if it has none by that name."""
    found = plain_name(name)
    return found if found in SENT else None


def may_be_row_number(name: str) -> bool:
    """Whether a column of this name is one that tools add to number rows."""
    return _ROW_NUMBER.fullmatch(name.strip().lower()) is not None
