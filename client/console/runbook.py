"""The runbook's entry for an alarm: the section of docs/runbook.md that has its name as heading or as anchor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from client.serverless import REPOSITORY

RUNBOOK = REPOSITORY / "docs" / "runbook.md"
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*$")
_ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')


def anchor(title: str) -> str:
    """A heading's anchor, as GitHub makes it: lower case, spaces to hyphens, other signs dropped."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def entry(name: str, path: Path = RUNBOOK) -> str | None:
    """The Markdown of the section that a link to `#name` leads to; None without such a heading or anchor.

    A section is a heading's, up to the next of its level or above. One that is for several alarms has an
    `<a id="..."></a>` for each of them below its heading.
    """
    wanted = anchor(name)
    for section in _sections(path.read_text(encoding="utf-8").splitlines()):
        heading = _HEADING.match(section[0])
        anchors = {match for line in section[1:3] for match in _ANCHOR.findall(line)}
        if heading and (anchor(heading[2]) == wanted or wanted in anchors):
            return "\n".join(line for line in section if not _ANCHOR.search(line)).strip()
    return None


def _sections(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each heading's section, those of the headings below it among them."""
    levels, fenced = [], False
    for line in lines:
        fenced ^= line.startswith("```")
        heading = None if fenced else _HEADING.match(line)
        levels.append(len(heading[1]) if heading else 0)
    for start, level in enumerate(levels):
        if level:
            ends = (at for at in range(start + 1, len(lines)) if 0 < levels[at] <= level)
            yield lines[start : next(ends, len(lines))]


def for_stage(text: str, stage: str) -> str:
    """With the stage in the place of STAGE, so that a command can be copied."""
    return re.sub(r"\bSTAGE\b", stage, text)


def entry_of(name: str, stage: str, path: Path = RUNBOOK) -> str | None:
    """The entry that a link to `#name` leads to, for a stage."""
    text = entry(name, path)
    return text and for_stage(text, stage)


def entry_for(alarm: str, prefix: str, description: str, path: Path = RUNBOOK) -> tuple[str, str | None]:
    """The anchor and the entry of an alarm: by the link in its description, or else by its name without the stage's."""
    stage = prefix.partition("-")[2]
    linked = re.search(r"runbook\.md#([\w-]+)", description)
    name = linked[1] if linked else alarm.removeprefix(f"{prefix}-")
    return name, entry_of(name, stage, path)
