"""The ids behind `reconcile`, in 16 bytes each."""

from __future__ import annotations

import numpy as np

from client.reconcile.bag import Bag, digest


def bag_of(ids: list[str]) -> Bag:
    bag = Bag()
    for identity in ids:
        bag.add(identity)
    return bag


def test_digests_that_end_in_zero_bytes_stay_apart_and_are_found() -> None:
    name = next(f"n{i}" for i in range(10_000) if digest(f"n{i}").endswith(b"\0"))
    bag = bag_of([name, name, "other"])
    assert len(bag.distinct()) == 2
    assert np.isin(bag.distinct(), bag_of([name]).distinct()).sum() == 1
