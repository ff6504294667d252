"""Checks everything that people read: `python -m scripts.prose`. Exits with 1 and lists file, line and what to write.

textlint checks terms (docs/glossary.md), codespell checks typing errors and US spelling, PyMarkdown the form of
Markdown. Text in Python, YAML, SQL and shell is extracted into build/prose first, with its line numbers.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.prose.extract import text_of

ROOT = Path(__file__).resolve().parents[2]
HERE, TEXTS = Path(__file__).parent, ROOT / "build" / "prose"
TEXTLINT = HERE / "node_modules" / "textlint" / "bin" / "textlint.js"
# Generated from a description that is checked itself.
GENERATED = {"docs/licenses.md"}
# Test data that others wrote, and migrations, which never change once released.
UNCHANGED = ("tests/data/", "redshift/migrations/")
_EXTRACTED = re.compile(rf"{re.escape(str(TEXTS))}/(\S+?)\.txt")


def main() -> None:
    """Run the three linters over all tracked files; each prints what it finds."""
    tracked = _tracked()
    markdown = [name for name in tracked if name.endswith(".md") and name not in GENERATED]
    extracted = _extract(tracked)
    textlint = ["node", str(TEXTLINT), "--config", str(HERE / "textlintrc.js"), "--format", "unix"]
    spelling = [
        "codespell",
        "--builtin",
        "clear,rare,en-GB_to_en-US",
        "--ignore-words-list",
        # A column of the marts; what Redshift calls a statement that was stopped (its status, its message).
        "labelled,cancelled",
        "--ignore-regex",
        "`[^`]+`",
    ]
    failed = [
        _run("textlint", textlint, markdown),
        _run("textlint (source)", textlint, extracted, PROSE_OF="source"),
        _run("codespell (US spelling)", spelling, [*markdown, *extracted]),
        _run("codespell", ["codespell"], tracked),
        _run("pymarkdown", ["pymarkdown", "--config", str(HERE / "pymarkdown.json"), "scan"], markdown),
    ]
    sys.exit(1 if any(failed) else 0)


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def _extract(tracked: list[str]) -> list[str]:
    """Write the text of each source file below build/prose and return the paths."""
    shutil.rmtree(TEXTS, ignore_errors=True)
    written = []
    for name in tracked:
        text = None if name.startswith(UNCHANGED) else text_of(ROOT / name)
        if text and text.strip():
            path = TEXTS / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
            written.append(str(path))
    return written


def _run(name: str, command: list[str], files: list[str], **environment: str) -> bool:
    """Run a linter over files and print its findings at their places in the source. True if there are any."""
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, env=os.environ | environment)  # noqa: S603
    if done.returncode:
        output = _EXTRACTED.sub(r"\1", done.stdout + done.stderr).replace(f"{ROOT}/", "")
        print(f"{name}:\n{output.strip()}")  # noqa: T201
    return done.returncode != 0


if __name__ == "__main__":
    main()
