"""Lets MiniStack size and check each item of a BatchWriteItem once, and keep each value once.

MiniStack 1.5.33 measures an item five times and checks it twice while it writes it: half of what a write costs on the
one thread that all requests share. Both depend on the item alone, so within one call the first answer is kept.

An item of 25 attributes takes 7.7 KB of memory, 25 dictionaries of one entry each; but a card's owner, a merchant, a
category are the same in thousands of items. Equal values are one object: 2.5 KB, for 17 us of CPU. MiniStack never
changes a value in its place but to write a number in its one form, which is the same for all who share it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Once:
    """A function of an item, and of more, that is asked for once per item while a call lasts."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.answers: dict[Any, Any] | None = None  # None: no call is under way

    def __call__(self, item: Any, *more: Any) -> Any:
        if self.answers is None or not isinstance(item, dict):
            return self._function(item, *more)
        key = (id(item), *more)
        if key not in self.answers:
            # The item is kept beside its answer: while it is alive, no other has its id.
            self.answers[key] = (item, self._function(item, *more))
        return self.answers[key][1]


def remembering(call: Callable[..., Any], *functions: Once) -> Callable[..., Any]:
    """`call`, during which the functions remember."""

    def remembered(*arguments: Any) -> Any:
        for function in functions:
            function.answers = {}
        try:
            return call(*arguments)
        finally:
            for function in functions:
                function.answers = None

    return remembered


class Shared:
    """Puts one object in the place of equal values, of the texts and numbers that were seen of late."""

    def __init__(self, most: int = 100_000) -> None:
        self._texts: dict[str, dict[str, Any]] = {}
        self._numbers: dict[str, dict[str, Any]] = {}
        self._most = most

    def share(self, item: dict[str, Any]) -> None:
        """Replace an item's values by equal ones. What is no text or number, or no value at all, is left alone."""
        if len(self._texts) + len(self._numbers) > self._most:
            self._texts, self._numbers = {}, {}
        for name, value in item.items():
            if type(value) is not dict or len(value) != 1:
                continue
            if type(text := value.get("S")) is str:
                item[name] = self._texts.setdefault(text, value)
            elif type(number := value.get("N")) is str:
                item[name] = self._numbers.setdefault(number, value)


def sharing(call: Callable[[dict[str, Any]], Any], shared: Shared) -> Callable[[dict[str, Any]], Any]:
    """`call`, a BatchWriteItem, whose items share their values with those before."""

    def shared_call(request: dict[str, Any]) -> Any:
        tables = request.get("RequestItems")
        for of_table in tables.values() if isinstance(tables, dict) else ():
            for one in of_table if isinstance(of_table, list) else ():
                put = one.get("PutRequest") if isinstance(one, dict) else None
                if isinstance(put, dict) and isinstance(put.get("Item"), dict):
                    shared.share(put["Item"])
        return call(request)

    return shared_call


def write_batches_cheaply() -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more: is it still needed?"""
    from ministack.services import dynamodb

    size, check = Once(dynamodb._item_size_bytes), Once(dynamodb._validate_item)
    dynamodb._item_size_bytes, dynamodb._validate_item = size, check
    dynamodb._batch_write_item = sharing(remembering(dynamodb._batch_write_item, size, check), Shared())
