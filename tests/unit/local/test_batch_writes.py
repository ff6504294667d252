"""What a BatchWriteItem of MiniStack remembers of an item lasts as long as the call; equal values are one object."""

from __future__ import annotations

from typing import Any

import pytest

from local.batch_writes import Once, Shared, remembering, sharing


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, item: Any, *more: Any) -> Any:
        self.calls += 1
        return len(item), more


def test_an_item_is_looked_at_once_in_a_call_and_again_in_the_next() -> None:
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


def items(*texts: Any) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"a": {"S": text}, "n": {"N": "1.50"}, "b": {"BOOL": True}}}} for text in texts]


def test_equal_values_of_different_calls_are_one_object() -> None:
    stored: list[dict[str, Any]] = []
    call = sharing(lambda request: stored.extend(request["RequestItems"]["t"]), Shared())
    for texts in (("x", "y"), ("x", "z")):
        call({"RequestItems": {"t": items(*texts)}})
    first, second, third, fourth = (one["PutRequest"]["Item"] for one in stored)
    assert stored == items("x", "y", "x", "z")
    assert first["a"] is third["a"]
    assert first["n"] is second["n"] is third["n"] is fourth["n"]
    assert second["a"] is not fourth["a"]


def test_what_is_remembered_is_bounded() -> None:
    shared = Shared(most=10)
    for number in range(100):
        shared.share({"a": {"S": str(number)}})
        assert len(shared._texts) <= 11


@pytest.mark.parametrize(
    "request_items",
    [None, [], {"t": None}, {"t": [None, {}, {"PutRequest": None}, {"PutRequest": {"Item": None}}]}]
    + [{"t": [{"PutRequest": {"Item": {"a": value}}}]} for value in (None, "x", {}, {"S": 1}, {"S": "x", "N": "1"})],
)
def test_a_malformed_request_is_left_to_the_service(request_items: Any) -> None:
    request = {"RequestItems": request_items}
    assert sharing(lambda given: given, Shared())(request) is request
