"""The ids behind `reconcile`, in 16 bytes each."""

from __future__ import annotations

import numpy as np

from client.reconcile.id_multiset import IdMultiset, digest


def multiset_of(names: list[str]) -> IdMultiset:
    ids = IdMultiset()
    for identity in names:
        ids.add(identity)
    return ids


def test_digests_that_end_in_zero_bytes_stay_apart_and_are_found() -> None:
    name = next(f"n{i}" for i in range(10_000) if digest(f"n{i}").endswith(b"\0"))
    ids = multiset_of([name, name, "other"])
    assert len(ids.distinct()) == 2
    assert np.isin(ids.distinct(), multiset_of([name]).distinct()).sum() == 1
