"""The commands that the documents show, in code blocks and in code spans, as markdown-it-py reads them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from tests.unit.docs.commands import ROOT

SHELLS = ("bash", "sh", "shell", "console")
COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )?(?:swipeline|make|sls|pytest|python -m|aws|eval|source|export) \S")
COMMENT = re.compile(r"\s+#\s.*$")


@dataclass(frozen=True)
class Shown:
    """A command as a document shows it, without its comment. A span is part of a sentence."""

    document: str
    line: int
    text: str
    span: bool


@cache
def documents() -> tuple[str, ...]:
    """Every Markdown file of the repository."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(name for name in listed.splitlines() if (ROOT / name).is_file())


def commands_in(text: str, document: str = "") -> Iterator[Shown]:
    """The commands of a document, in its order; lines that end in a backslash are joined."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = (token.map or [0])[0] + 1
        if token.type == "fence" and token.info.split(" ")[0] in SHELLS:
            for offset, shown in enumerate(token.content.replace("\\\n", " ").splitlines(), 1):
                command = COMMENT.sub("", shown.strip().removeprefix("$ "))
                if COMMAND.match(command):
                    yield Shown(document, line + offset, command, span=False)
        for child in token.children or ():
            if child.type == "code_inline" and COMMAND.match(child.content):
                yield Shown(document, line, child.content, span=True)


@cache
def shown(document: str) -> tuple[Shown, ...]:
    """The commands of a file of the repository."""
    return tuple(commands_in((ROOT / document).read_text(encoding="utf-8"), document))
