"""The runbook's entry for an alarm: the part of docs/runbook.md under the heading of the alarm's name."""

from __future__ import annotations

import re
from pathlib import Path

from local.settings import REPOSITORY

RUNBOOK = REPOSITORY / "docs" / "runbook.md"
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*$")


def anchor(title: str) -> str:
    """A heading's anchor, as GitHub makes it: lower case, spaces to hyphens, other signs dropped."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def entry(name: str, path: Path = RUNBOOK) -> str | None:
    """The Markdown from the heading with this anchor to the next of its level or above; None without such a heading."""
    wanted, level, fenced = anchor(name), 0, False
    found: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if heading and found and len(heading[1]) <= level:
            break
        if heading and not found and anchor(heading[2]) == wanted:
            level = len(heading[1])
            found.append(line)
        elif found:
            found.append(line)
    return "\n".join(found).strip() or None


def entry_for(alarm: str, prefix: str, description: str, path: Path = RUNBOOK) -> tuple[str, str | None]:
    """The anchor and the entry of an alarm: by the link in its description, or else by its name without the stage's."""
    linked = re.search(r"runbook\.md#([\w-]+)", description)
    name = linked[1] if linked else alarm.removeprefix(f"{prefix}-")
    return name, entry(name, path)
