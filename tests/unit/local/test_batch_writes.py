"""What a BatchWriteItem of MiniStack remembers of an item lasts as long as the call."""

from __future__ import annotations

from typing import Any

import pytest

from local.batch_writes import Once, remembering


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, item: Any, *more: Any) -> Any:
        self.calls += 1
        return len(item), more


def test_an_item_is_looked_at_once_in_a_call_and_anew_in_the_next() -> None:
    counted = Counted()
    size = Once(counted)
    item = {"a": {"S": "x"}}
    call = remembering(lambda: [size(item), size(item), size(dict(item)), size(item, "pk")], size)
    assert call() == [(1, ()), (1, ()), (1, ()), (1, ("pk",))]
    assert counted.calls == 3
    item["b"] = {"S": "y"}
    assert call()[0] == (2, ())


def test_outside_a_call_nothing_is_remembered() -> None:
    counted = Counted()
    size = Once(counted)
    item: dict[str, Any] = {}
    size(item), size(item)
    assert counted.calls == 2


def test_a_call_that_fails_leaves_nothing_behind() -> None:
    size = Once(Counted())

    def fail() -> None:
        size({})
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        remembering(fail, size)()
    assert size.answers is None
