"""Bags of ids in 16 bytes each, so that millions of them can be counted and compared in modest memory."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Digests = npt.NDArray[np.bytes_]  # of dtype S16
WIDTH = 16


def digest(text: str) -> bytes:
    """16 bytes that stand for an id: two ids of a billion share one with a chance below 10^-20."""
    return hashlib.blake2b(text.encode(), digest_size=WIDTH).digest()


class Bag:
    """Ids as they are found, repeats included, each with its content's version if it has one."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._versions = bytearray()

    def add(self, identity: str, version: bytes | None = None) -> None:
        """Add one record; either all records of a bag have a version (16 bytes), or none has."""
        self._ids += digest(identity)
        if version is not None:
            self._versions += version

    def extend(self, other: Bag) -> None:
        """Add all that another bag holds."""
        self._ids += other._ids
        self._versions += other._versions

    def __len__(self) -> int:
        return len(self._ids) // WIDTH

    def ids(self) -> Digests:
        """One digest per record."""
        return np.frombuffer(self._ids, dtype=f"S{WIDTH}")

    def distinct(self) -> Digests:
        """The different ids, sorted."""
        return np.unique(self.ids())

    def only(self, wanted: Digests) -> Bag:
        """The records whose id is wanted."""
        kept = np.isin(self.ids(), wanted)
        bag = Bag()
        bag._ids = bytearray(self.ids()[kept].tobytes())
        if self._versions:
            bag._versions = bytearray(np.frombuffer(self._versions, dtype=f"S{WIDTH}")[kept].tobytes())
        return bag

    def distinct_versions(self) -> int:
        """How many different (id, version) there are; without versions every record is one of its own."""
        if not self._versions:
            return len(self)
        pairs = np.empty((len(self), 2), dtype=f"S{WIDTH}")
        pairs[:, 0] = self.ids()
        pairs[:, 1] = np.frombuffer(self._versions, dtype=f"S{WIDTH}")
        return len(np.unique(pairs.view(f"S{2 * WIDTH}")))
