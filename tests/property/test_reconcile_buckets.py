"""For any contents of three stores, bucket by bucket finds exactly what id by id would have found."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from client.reconcile.differences import Differences
from client.reconcile.records import Record
from client.reconcile.tally import Tally, differing
from client.reconcile.window import DAY, HOUR, MONTH, Window, bounding_window, bucket_of, slot_window
from shared.transaction.schema import FIELDS

STORES = ("dynamodb", "lake", "warehouse")
hours = st.integers(0, 400)


def moment(hour: int) -> str:
    return f"2020-{1 + hour // 240:02d}-{1 + hour // 24 % 10:02d}T{hour % 24:02d}:30:00.000Z"


def place(number: int) -> tuple[str, str]:
    """When and by which card: of the id alone, as each transaction has one time and one card."""
    return moment(number * 37 % 401), f"{number * 53 % 256:02x}"


def record(number: int) -> Record:
    return Record.of([str(number), *place(number), *[""] * (len(FIELDS) - 3)])


stored = st.lists(st.integers(0, 60), max_size=80)


@given(st.tuples(stored, stored, stored), st.sampled_from([HOUR, DAY, MONTH]))
def test_buckets_find_what_ids_find(contents: tuple[list[int], list[int], list[int]], width: int) -> None:
    tallies = []
    for numbers in contents:
        tally = Tally()
        for number in numbers:
            tally.add(bucket_of(*place(number), width), record(number).digest)
        tallies.append(tally)
    buckets = differing(tallies)
    union = set().union(*contents)
    with Differences.on_disk() as ids:
        for store, numbers in zip(STORES, contents, strict=True):
            ids.add(store, (record(n) for n in numbers if bucket_of(*place(n), width) in buckets))
        found_in, cases = ids.compare(frozenset(), 100)
        list(cases)
        for store, numbers, tally in zip(STORES, contents, tallies, strict=True):
            found = found_in[store]
            assert set(found.missing_ids) == {str(n) for n in union - set(numbers)}
            assert found.missing == len(found.missing_ids)
            same = tally.records() - tally.records_in(buckets)
            # What is twice in all three stores alike is no difference, and only there: no store of ours holds such.
            alike = sum(
                n - 1 for n in Counter(k for k in numbers if bucket_of(*place(k), width) not in buckets).values()
            )
            assert found.duplicates + found.copies + alike == len(numbers) - len(set(numbers))
            assert same - alike + found.distinct == len(set(numbers))


@given(st.sets(hours, min_size=1), st.sampled_from([HOUR, DAY, MONTH]))
def test_the_bounding_window_holds_every_bucket_and_each_slot_its_times(found: set[int], width: int) -> None:
    moments = [moment(hour) for hour in found]
    window = bounding_window([bucket_of(at, "ab", width) for at in moments], Window())
    assert all(at in window for at in moments)
    assert all(at in slot_window(at[:width]) for at in moments)
