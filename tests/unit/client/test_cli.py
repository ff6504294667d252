"""The command line itself: help in every form that people try, the version, wrong usage, wide tables."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table
from typer.main import get_command

from client import cli, output
from client.commands.reading import how_to_read

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "client.cli", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60
    )


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        ([], "Usage: "), (["-h"], "Usage: "), (["--help"], "Usage: "), (["help"], "Usage: "),
        (["help", "send"], "send [OPTIONS]"), (["send", "-h"], "send [OPTIONS]"),
        (["quarantine"], "quarantine [OPTIONS]"),
    ],
)  # fmt: skip
def test_help_is_on_standard_output_and_no_failure(arguments: list[str], usage: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert usage in done.stdout
    assert "\n" in done.stdout.strip()


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout.startswith("swipeline 0.")


def test_wrong_usage_is_one_line_and_its_own_exit_code() -> None:
    done = run("sned")
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1


def test_a_wide_table_is_never_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table()
    cells = [f"{number:,}" for number in range(1_000_000_000, 1_000_000_012)]
    for cell in cells:
        table.add_column(cell[:2], no_wrap=True)
    table.add_row(*cells)
    output.table(table)
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in cells)


def commands(of: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command of the tree that does something, with what is typed for it; a group may do something itself."""
    group = get_command(cli.app) if of is None else of
    for name, command in getattr(group, "commands", {}).items():
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield " ".join((*path, name)), command
        yield from commands(command, (*path, name))


COMMANDS = dict(commands())
# They serve a page, write a file, or print a document of another format.
WITHOUT_JSON = {"dashboard", "console", "deploy", "train", "score", "quarantine show", "alerts verdicts", "help"}
STARTS = {"--limit": "Maximum number of ", "--yes": "Apply changes (default: dry run)"}


def options(command: Any) -> dict[str, Any]:
    return {name: parameter for parameter in command.params for name in parameter.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_means_the_same_in_every_command(name: str) -> None:
    given = options(COMMANDS[name])
    for option, start in STARTS.items():
        if option in given:
            assert given[option].help.startswith(start)
    if "--limit" in given:
        assert given["--limit"].min == 1, "a limit of nothing, or less, is a mistake"
    for flag in ("--yes", "--json"):
        if flag in given:
            assert given[flag].is_flag
            assert given[flag].default is False
    if "--stage" in given:
        assert "stage" in given["--stage"].help.lower()
    assert ("--json" in given) != (name in WITHOUT_JSON)


def test_every_exception_is_a_command() -> None:
    assert set(COMMANDS) >= WITHOUT_JSON - {"help"}


def test_a_time_that_is_printed_in_short_names_its_zone() -> None:
    cut = re.compile(r"\{[^{}]*(?:_at|\['at'\]|moment)[^{}]*\[:1[69]\]\}(?!Z| UTC)")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in (ROOT / "client").rglob("*.py")
        for match in cut.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_command_that_reads_files_takes_the_same_options() -> None:
    wanted = set(inspect.signature(how_to_read).parameters)
    commands = get_command(cli.app).commands  # type: ignore[attr-defined]
    for name in ("send", "batch", "inspect", "score", "train"):
        assert wanted <= {parameter.name for parameter in commands[name].params}, name
    for name, command in commands.items():
        taken = wanted & {parameter.name for parameter in command.params}
        assert taken in (set(), wanted), name
