"""Keeps full garbage collections away from the emulator.

MiniStack's tables are objects of Python, millions of them, and a full garbage collection walks over all: for half a
second and more the API gave no answer. What is kept has no cycles; what has some is young and still collected.
"""

from __future__ import annotations

import gc

COLLECT_ALL_AFTER = 1_000_000  # collections of the middle generation: never, in practice


def collect_young_objects_only() -> None:
    """Put it in place, for this process."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, COLLECT_ALL_AFTER)
