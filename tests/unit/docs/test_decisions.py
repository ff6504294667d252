"""The decision records: one per file, dated, with a status, all listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.decisions_index import FOLDER, INDEX, index


def test_the_list_has_every_record() -> None:
    assert INDEX.read_text(encoding="utf-8") == index()


def test_no_two_records_share_a_number() -> None:
    numbers = [path.name[:4] for path in FOLDER.glob("[0-9]*.md")]
    assert sorted(numbers) == sorted(set(numbers))


def test_a_record_without_a_date_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001-x.md").write_text(
        "# 0001: X\n\n- Status: accepted\n\n## Context\n\n## Decision\n\n## Consequences\n"
    )
    with pytest.raises(ValueError, match=r"0001-x\.md: expected '# NNNN: title', '- Date"):
        index(tmp_path)
