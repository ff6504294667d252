"""Garbage collection where a call is thousands of rows: seldom, and never over what a container keeps."""

from __future__ import annotations

import gc

# A page of 1,000 transactions makes some 30,000 containers, a batch of 3,000 three times as many, none in a cycle. By
# default a collection starts every 700: a hundred of them go through the whole batch, and some through all modules.
CALL = 100_000


def tune_gc() -> None:
    """Leave out of collections what is loaded by now, and let a whole call's rows be made between two of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(CALL, 10, 10)
