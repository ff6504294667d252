"""A seeded few of the broken files of tests.fuzz.files."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.files import run, samples


def test_no_broken_file_ends_in_a_traceback_or_loses_a_row(tmp_path: Path) -> None:
    found = run(300, seed=1, folder=tmp_path)
    assert found["read"] > 50
    assert found["refused"] > 20


def test_the_files_are_good_before_they_are_broken(tmp_path: Path) -> None:
    from tests.fuzz.files import check

    for data in samples():
        (tmp_path / "good").write_bytes(data)
        outcome = check(tmp_path / "good")
        assert (outcome.kind, outcome.rows, outcome.problems) == ("read", 60, 0)
