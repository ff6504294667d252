"""Reads docs/runbook.md: an alarm's entry is the section with its name, its commands are in backticks or fences."""

from __future__ import annotations

import re
from functools import cache

from tests.template.packaging import ROOT

PARTS = ("Means", "Look", "Likely", "Repair", "Verify")


@cache
def entries() -> dict[str, str]:
    """Give the text of each entry of the part "Alarms" by the alarms' names; several may share one."""
    text = (ROOT / "docs" / "runbook.md").read_text()
    part = re.search(r"^# Alarms$(.*?)(?=^# |\Z)", text, re.M | re.S)
    assert part, "docs/runbook.md has no part Alarms"
    found: dict[str, str] = {}
    for block in re.split(r"^(?=## )", part[1], flags=re.M)[1:]:
        heading, _, body = block.partition("\n")
        for name in re.findall(r"[a-z0-9-]+", heading.removeprefix("## ")):
            assert name not in found, f"{name} has two entries"
            found[name] = body
    return found


def commands(text: str) -> list[str]:
    """The commands of an entry."""
    fenced = re.findall(r"^```\n(.*?)^```", text, re.M | re.S)
    lines = [line.strip() for block in fenced for line in re.sub(r"\\\n\s*", "", block).splitlines()]
    rest = re.sub(r"^```\n.*?^```", "", text, flags=re.M | re.S)
    return [c for c in (*lines, *re.findall(r"`([^`]+)`", rest)) if re.match(r"(swipeline|aws|npx|make) ", c)]
