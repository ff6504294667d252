"""Multisets of ids in 16 bytes each, so that millions of them can be counted and compared in modest memory."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Digests = npt.NDArray[np.bytes_]  # of dtype S16
WIDTH = 16


def digest(text: str) -> bytes:
    """16 bytes that stand for an id: two ids of a billion share one with a chance below 10^-20."""
    return hashlib.blake2b(text.encode(), digest_size=WIDTH).digest()


class IdMultiset:
    """Ids as they are found, repeats included."""

    def __init__(self) -> None:
        self._ids = bytearray()

    def add(self, identity: str) -> None:
        """Add one record."""
        self._ids += digest(identity)

    def extend(self, other: IdMultiset) -> None:
        """Add all that another one holds."""
        self._ids += other._ids

    def __len__(self) -> int:
        return len(self._ids) // WIDTH

    def ids(self) -> Digests:
        """One digest per record."""
        return np.frombuffer(self._ids, dtype=f"S{WIDTH}")

    def distinct(self) -> Digests:
        """The different ids, sorted."""
        return np.unique(self.ids())
