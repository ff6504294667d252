"""The command line itself: help in every form that people try, the version, wrong usage, wide tables."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from typer.main import get_command

from client import output
from client.cli import app
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


def test_every_command_that_reads_files_takes_the_same_options() -> None:
    wanted = set(inspect.signature(how_to_read).parameters)
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name in ("send", "batch", "inspect", "score", "train"):
        assert wanted <= {parameter.name for parameter in commands[name].params}, name
    for name, command in commands.items():
        taken = wanted & {parameter.name for parameter in command.params}
        assert taken in (set(), wanted), name
