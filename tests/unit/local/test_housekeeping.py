"""MiniStack's housekeeping still happens, only less often."""

from __future__ import annotations

from typing import Any

from local.housekeeping import once_in_a_while


def test_the_same_thing_is_tidied_once_in_a_while() -> None:
    tidied: list[Any] = []
    tidy = once_in_a_while(tidied.append, every=3600)
    first, second = {"name": "first"}, {"name": "second"}
    for _ in range(3):
        tidy(first)
        tidy(second)
    assert tidied == [first, second]


def test_it_is_tidied_again_when_its_time_has_come() -> None:
    tidied: list[Any] = []
    tidy = once_in_a_while(lambda: tidied.append(1), every=0)
    tidy()
    tidy()
    assert tidied == [1, 1]
