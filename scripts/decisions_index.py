"""Writes docs/decisions/README.md, the list of decisions: `python -m scripts.decisions_index [--check]`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "decisions"
INDEX = FOLDER / "README.md"
_HEAD = re.compile(
    r"# (?P<number>\d{4}): (?P<title>.+)\n\n- Date: (?P<date>\d{4}-\d\d-\d\d)\n- Status: (?P<status>.+)\n"
)
SECTIONS = ("## Context", "## Decision", "## Consequences")
INTRODUCTION = """# Decisions

One record per decision: context, decision (with what else was considered) and consequences. Copy a recent one, give
it the next number, and run `python -m scripts.decisions_index`. A decision that no longer holds is not deleted: its
status names the record that supersedes it.

| record | date | status |
|---|---|---|
"""


def index(folder: Path = FOLDER) -> str:
    """The list in Markdown. Raises ValueError for a record without number, title, date, status or a section."""
    rows = []
    for path in sorted(folder.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        head = _HEAD.match(text)
        missing = [section for section in SECTIONS if f"\n{section}\n" not in text]
        if not head or head["number"] != path.name[:4] or missing:
            expected = "expected '# NNNN: title', '- Date: YYYY-MM-DD', '- Status: ...' and the sections"
            raise ValueError(f"{path.name}: {expected} {', '.join(SECTIONS)}")
        rows.append(f"| [{head['number']}: {head['title']}]({path.name}) | {head['date']} | {head['status']} |\n")
    return INTRODUCTION + "".join(rows)


def main() -> None:
    """Write the list, or with --check exit with 1 if it is stale."""
    if "--check" in sys.argv[1:]:
        if INDEX.read_text(encoding="utf-8") != index():
            sys.exit("docs/decisions/README.md is stale: run `python -m scripts.decisions_index`")
    else:
        INDEX.write_text(index(), encoding="utf-8")


if __name__ == "__main__":
    main()
