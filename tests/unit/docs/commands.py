"""Every command of the command line, and a check of a line that somebody would type, without running it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from client.cli import app

ROOT = Path(__file__).resolve().parents[3]
CLI = get_command(app)
_SHELL = re.compile(r"\s(?:\||>|>>|<|&&|;)\s.*|\s#.*")


def commands(command: Any = CLI, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command with the words that name it; a group counts as one where it does something by itself."""
    children = getattr(command, "commands", {})
    if not children or (path and command.invoke_without_command):
        yield path, command
    for name, child in children.items():
        yield from commands(child, (*path, name))


def why_wrong(line: str) -> str | None:
    """Why the command line refuses `swipeline ...`, or None. Only the form is checked; nothing runs."""
    words = shlex.split(_SHELL.sub("", f" {line}").strip())[1:]
    command: Any = CLI
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    if words[:1] in (["--help"], ["-h"], ["--version"]):
        return None
    if getattr(command, "commands", {}) and not command.invoke_without_command:
        return f"no such command: {words[0] if words else '(none)'}"
    try:
        command.make_context(command.name, words)
    except Exception as error:  # noqa: BLE001 -- typer's errors of usage share no public base
        return f"{type(error).__name__}: {error}"
    return None
