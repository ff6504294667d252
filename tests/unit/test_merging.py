"""A merge's counts are read, never guessed."""

from __future__ import annotations

import pytest

from shared.warehouse.merging import MergeResult, read_look, read_result


def test_the_counts_are_read_by_name() -> None:
    row = {"staged": 5, "inserted": 3, "duplicates": 2, "newest_occurred_at": "2020-06-21", "waited_seconds": 7}
    row |= {"replaced": 1, "conflicts": 1, "unresolved": 2}
    assert read_result([row]) == MergeResult(5, 3, 2, 7.0, 1, 1, 2)
    assert read_result([row | {"staged": 0, "waited_seconds": None}]).waited_seconds is None


@pytest.mark.parametrize("rows", [[], [{}, {}]])
def test_a_merge_without_counts_is_an_error_not_zero(rows: list) -> None:
    for read in (read_result, read_look):
        with pytest.raises(ValueError, match="expected one"):
            read(rows)


def test_a_look_says_what_waits_to_be_merged_and_to_be_resolved() -> None:
    assert read_look([{"waiting": 3, "unresolved": 1}]) == (3, 1)
