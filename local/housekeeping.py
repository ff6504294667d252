"""Lets MiniStack tidy its Kinesis streams once a second instead of on every request, and Python its memory in parts.

MiniStack 1.5.33 walks over all shard iterators on each Kinesis request and over all records of the stream on each read
and write. A poller makes an iterator with every read and they live five minutes, so an idle stack with four readers
spent 40 % of its time on that, and a busy one more. Nothing changes but when they are tidied away: GetRecords looks at
an iterator's age itself.

The tables and the stream are objects of Python, millions of them, and a full garbage collection walks over all: for
half a second and more the API gave no answer. What is kept has no cycles; what has some is young and still collected.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

EVERY_SECONDS = 1.0
COLLECT_ALL_AFTER = 1_000_000  # collections of the middle generation: never, in practice


def once_in_a_while(tidy: Callable[..., Any], every: float = EVERY_SECONDS) -> Callable[..., None]:
    """A function that does what `tidy` does, but for the same first argument only once in `every` seconds."""
    last: dict[int, float] = {}
    lock = threading.Lock()

    def tidied(*args: Any) -> None:
        key, now = id(args[0]) if args else 0, time.monotonic()
        with lock:
            if now < last.get(key, float("-inf")) + every:
                return
            last[key] = now
        tidy(*args)

    return tidied


def tidy_less_often() -> None:
    """Put both in place. Raises AttributeError when MiniStack has these functions no more: is it still needed?"""
    from ministack.services import kinesis

    for name in ("_expire_iterators", "_expire_records"):
        setattr(kinesis, name, once_in_a_while(getattr(kinesis, name)))
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, COLLECT_ALL_AFTER)
