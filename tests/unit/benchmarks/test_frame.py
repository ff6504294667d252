"""The frame of the benchmarks: what a report must say, and a page that cannot silently be old."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page, plots
from benchmarks.frame import Report, cell, described, parser
from benchmarks.run import BENCHMARKS

DOC = """How fast is it?

Method: it is
timed.
"""


def report(out: Path, *arguments: str) -> Report:
    return Report.begin("fast.py", DOC, parser(DOC).parse_args(["--out", str(out), *arguments]))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_has_a_question_a_method_and_a_main(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    question, method = described(module.__doc__)
    assert question.endswith("?")
    assert len(method) > 50
    assert callable(module.main)


def test_a_docstring_without_question_or_method_is_refused() -> None:
    for doc in ("It is fast.\n\nMethod: timed.", "Is it fast?\n\nTimed."):
        with pytest.raises(ValueError, match="starts with a question"):
            described(doc)


def test_a_result_says_where_it_comes_from_and_whether_its_targets_are_met(tmp_path: Path) -> None:
    made = report(tmp_path, "--quick")
    made.table("Times", ["what", "s"], [["all", 1.5]])
    made.target("speed", 12.0, at_least=10)
    made.target("cost", 12.0, at_most=10, unit="$", says="the floor is 11")
    made.publish()
    found = json.loads((tmp_path / "fast.json").read_text())
    assert (found["question"], found["method"]) == ("How fast is it?", "it is timed.")
    assert found["settings"] == {"quick": True, "data": None}
    assert {"processor", "cores", "load_average"} <= set(found["machine"])
    assert {"python", "commit", "boto3"} <= set(found["versions"])
    assert [target["met"] for target in found["targets"]] == [True, False]


def test_a_row_of_another_width_and_a_target_of_two_limits_are_refused(tmp_path: Path) -> None:
    made = report(tmp_path)
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        made.table("t", ["a"], [[1, 2]])
    with pytest.raises(ValueError, match="one limit"):
        made.target("t", 1.0, at_most=1, at_least=1)


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (True, "yes"), (1234567, "1,234,567"), (1234.5, "1,234"), (0.01234, "0.0123")]
)
def test_cells_are_short(value: Any, shown: str) -> None:
    assert cell(value) == shown


def test_of_the_files_it_ran_with_only_the_names_are_published() -> None:
    options = argparse.Namespace(data=Path("/home/someone/train.csv"), also=[Path("/home/someone/test.csv")], out=None)
    found = json.loads(json.dumps(Report("fast", "How fast is it?", "timed", options).as_json()))
    assert found["settings"] == {"data": "train.csv", "also": ["test.csv"]}
    assert "data train.csv, also test.csv*" in page.page([found])


def test_a_page_that_is_not_what_the_results_say_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "PLOTS", tmp_path / "performance")
    made = Report("fast", "How fast is it?", "timed", argparse.Namespace(quick=False))
    made.plot("Time", "rows", "s", {"all": [(1, 2.0)]})
    found = [json.loads(json.dumps(made.as_json()))]
    assert page.stale(found) == ["performance.md", "fast-time.svg"]
    page.PAGE.write_text(page.page(found))
    page.PLOTS.mkdir()
    drawn = page.PLOTS / "fast-time.svg"
    drawn.write_text(f"<svg>{plots.MARK}{plots.digest(found[0]['plots'][0])}</svg>")
    assert page.stale(found) == []
    found[0]["plots"][0]["series"]["all"][0][1] = 3.0
    assert page.stale(found) == ["fast-time.svg"]
    (page.PLOTS / "old.svg").write_text("<svg/>")
    assert "old.svg (of no result)" in page.stale(found)
