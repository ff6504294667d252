"""Garbage collection where a page is 1,000 rows of 24 values: seldom, and never over what a container has for good."""

from __future__ import annotations

import gc

# A page makes some 30,000 containers, none in a cycle. By default a collection starts every 700: a dozen of them go
# through the whole page, and some through all modules. A function waits for the store; it has no time to waste on that.
PAGE = 100_000


def settle() -> None:
    """Leave out of collections what is loaded by now, and let a whole page be made between two of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(PAGE, 10, 10)
