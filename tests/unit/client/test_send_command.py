"""`swipeline send` as a user calls it: exit codes, the summary, errors in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from client import cli
from client.commands import send as command
from tests.unit.client.conftest import FakeStage
from tests.unit.client.fake_api import FakeApi, Fault

MakeFile = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(stage: FakeStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """``run("send", path)``: exit code, standard output, standard error."""
    monkeypatch.setattr(command, "Stage", lambda name: stage)
    monkeypatch.chdir(tmp_path)

    def call(*args: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["swipeline", *map(str, args)])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        out, err = capfd.readouterr()
        return int(exit.value.code or 0), out, err

    return call


def test_all_rows_stored_is_exit_0(run: Run, make_file: MakeFile) -> None:
    code, _, err = run("send", make_file(30))
    assert code == 0
    assert "30 rows: 30 accepted, 0 rejected" in err


def test_rejected_rows_are_exit_2_a_file_beside_the_caller_and_a_summary_of_reasons(
    run: Run, make_file: MakeFile, tmp_path: Path
) -> None:
    code, _, err = run("send", make_file(30, bad={1, 2}))
    assert code == 2
    assert "2 × amt: the amount is negative" in err
    assert (tmp_path / "file.csv.rejected.csv").exists()


def test_json_is_one_document_on_standard_output(run: Run, make_file: MakeFile) -> None:
    code, out, _ = run("send", "--json", make_file(30, bad={1}))
    summary = json.loads(out)
    assert code == 2
    assert {k: summary[k] for k in ("rows", "accepted", "rejected", "skipped")} == {
        "rows": 30,
        "accepted": 29,
        "rejected": 1,
        "skipped": 0,
    }


def test_an_api_that_stays_unavailable_is_exit_1_and_says_how_to_continue(
    run: Run, api: FakeApi, make_file: MakeFile
) -> None:
    api.fault = lambda number: Fault(status=500) if number else None
    code, _, err = run("send", "--batch-size", "10", "--workers", "1", "--retry-deadline", "0.1", make_file(30))
    assert code == 1
    counts = err.splitlines()[0].split(":")[1].partition("(")[0]  # the rate behind them may be 301 rows a second
    assert "30" not in counts
    assert "10 accepted" in counts
    assert "swipeline send --resume" in err.splitlines()[-1]


def test_a_file_that_is_not_there_is_one_line(run: Run) -> None:
    code, out, err = run("send", "nowhere.csv")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "Cannot read nowhere.csv" in err


def test_a_stage_that_is_not_up_is_one_line_that_says_what_to_run(make_file: MakeFile, tmp_path: Path) -> None:
    env = os.environ | {"SWIPELINE_PORT": "1025", "SWIPELINE_HOME": str(tmp_path)}  # nothing listens there
    done = subprocess.run(
        [sys.executable, "-m", "client.cli", "send", str(make_file(3))], env=env, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "run `swipeline up`" in done.stderr


def test_help_names_every_command() -> None:
    text = CliRunner().invoke(cli.app, ["--help"]).output
    assert all(name in text for name in ("generate", "send"))
