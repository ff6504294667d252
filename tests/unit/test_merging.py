"""A merge's counts are read, never guessed."""

from __future__ import annotations

import pytest

from shared.warehouse.merging import MergeResult, is_idle, read_result


def test_the_counts_are_read_by_name() -> None:
    row = {"staged": 5, "inserted": 3, "duplicates": 2, "newest_occurred_at": "2020-06-21", "waited_seconds": 7}
    assert read_result([row]) == MergeResult(5, 3, 2, 7.0)
    assert read_result([row | {"staged": 0, "waited_seconds": None}]).waited_seconds is None


@pytest.mark.parametrize("rows", [[], [{}, {}]])
def test_a_merge_without_counts_is_an_error_not_zero(rows: list) -> None:
    for read in (read_result, is_idle):
        with pytest.raises(ValueError, match="expected one"):
            read(rows)


def test_nothing_staged_is_idle() -> None:
    assert is_idle([{"waiting": 0}])
    assert not is_idle([{"waiting": 3}])
