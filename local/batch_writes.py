"""Lets MiniStack size and check each item of a BatchWriteItem once.

MiniStack 1.5.33 measures an item five times and checks it twice while it writes it: half of what a write costs on the
one thread that all requests share. Both depend on the item alone, so within one call the first answer is kept.
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


def write_batches_cheaply() -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more: is it still needed?"""
    from ministack.services import dynamodb

    size, check = Once(dynamodb._item_size_bytes), Once(dynamodb._validate_item)
    dynamodb._item_size_bytes, dynamodb._validate_item = size, check
    dynamodb._batch_write_item = remembering(dynamodb._batch_write_item, size, check)
