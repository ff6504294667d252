"""The counting behind `reconcile`, for any contents of the stores."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from client.reconcile.bag import Bag, digest
from client.reconcile.ledger import problems, store_hop
from client.reconcile.stores import Seen

names = st.sampled_from([f"id{i}" for i in range(12)])
records = st.lists(st.tuples(names, st.sampled_from("ab")))


def bag_of(ids: list[str]) -> Bag:
    bag = Bag()
    for identity in ids:
        bag.add(identity)
    return bag


def versioned(found: list[tuple[str, str]]) -> Bag:
    bag = Bag()
    for identity, version in found:
        bag.add(identity, digest(version))
    return bag


@given(st.lists(names), st.lists(names))
def test_a_store_without_versions_is_counted_as_sets_would_count_it(expected: list[str], found: list[str]) -> None:
    hop = store_hop(Seen(bag_of(found)), bag_of(expected).distinct(), only_expected=False)
    assert hop.received == len(found)
    assert hop.written == len(set(found))
    assert hop.duplicates == len(found) - len(set(found))
    assert hop.missing == len(set(expected) - set(found))
    assert hop.unexpected == len(set(found) - set(expected))
    balanced = not hop.missing and not hop.duplicates and not hop.unexpected
    assert balanced == (Counter(found) == Counter(set(expected)))
    assert bool(problems({"dynamodb": hop}, allow_foreign=False)) != balanced


@given(st.lists(names), records)
def test_with_a_file_a_store_is_counted_as_if_it_held_that_file_alone(
    expected: list[str], found: list[tuple[str, str]]
) -> None:
    wanted = bag_of(expected).distinct()
    one = store_hop(Seen(versioned(found)), wanted, only_expected=True)
    alone = store_hop(Seen(versioned([r for r in found if r[0] in expected])), wanted, only_expected=False)
    assert one.as_json() == alone.as_json()


@given(records)
def test_copies_and_other_contents_add_up_to_all_records(found: list[tuple[str, str]]) -> None:
    hop = store_hop(Seen(versioned(found)), versioned(found).distinct(), only_expected=False)
    copies = hop.more.get("archived_copies", 0)
    assert hop.written + hop.duplicates + copies == len(found)
    assert hop.written + hop.duplicates == len(set(found))


def test_digests_that_end_in_zero_bytes_stay_apart_and_are_found() -> None:
    name = next(f"n{i}" for i in range(10_000) if digest(f"n{i}").endswith(b"\0"))
    bag = bag_of([name, name, "other"])
    assert len(bag.distinct()) == 2
    assert len(bag.only(bag_of([name]).distinct())) == 2
    assert np.isin(bag.distinct(), bag_of([name]).distinct()).sum() == 1
