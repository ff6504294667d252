"""However the stream is cut, repeated, killed and refused, profiles and alerts end as those of one run in order."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from shared.sinks.consumer import Line
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.detection import FakeStores, KilledError
from tests.unit.fakes.faults import Fault, Kind
from tests.unit.fakes.lines import lines
from tests.unit.fraud.made import model, purchase

MODEL = model()


class Attempt(NamedTuple):
    """One delivery: from how far back it starts, how many records it has, after how many calls it is killed."""

    back: int
    records: int
    kill_before: int | None


attempts = st.builds(Attempt, st.integers(0, 5), st.integers(1, 12), st.none() | st.integers(0, 6))
faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from([Kind.NONE, Kind.PART, Kind.THROTTLED, Kind.BROKEN, Kind.TIMED_OUT, Kind.LOST_ANSWER]),
        st.integers(0, 2**16 - 1),
    ),
    max_size=12,
)
moments = st.lists(
    st.tuples(st.integers(0, 5 * 86_400), st.sampled_from("abc"), st.sampled_from(["4.00", "60.00", "900.00"])),
    min_size=1,
    max_size=30,
)


def stream(made: list[tuple[int, str, str]]) -> list[Line]:
    """The purchases in order of time, a record each."""
    purchases = []
    for number, (second, card, amount) in enumerate(sorted(made)):
        day, rest = divmod(second, 86_400)
        at = f"2024-05-{10 + day} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
        purchases.append(purchase(at, amount, card_id=card, transaction_id=f"{number:04d}"))
    return lines(purchases)


@given(moments, st.lists(attempts, max_size=30), faults)
def test_any_history_of_deliveries_ends_as_one_run(
    made: list[tuple[int, str, str]], plan: list[Attempt], failing: list[Fault]
) -> None:
    whole = stream(made)
    expected, stores = FakeStores(), FakeStores(failing)
    expected.detector(MODEL, threads=1).run(whole, FakeClock(reading=0.001).budget(60))
    done = 0
    for attempt in [*plan, *[Attempt(0, len(whole), None)] * 20]:
        start = max(0, done - attempt.back)
        batch = whole[start : start + attempt.records]
        if not batch:
            batch, start = whole[-1:], len(whole) - 1
        stores.kill_before = attempt.kill_before
        try:
            outcome = stores.detector(MODEL, threads=1).run(batch, FakeClock(reading=0.001).budget(1))
        except KilledError:
            continue
        failed = {position.sequence_number for position in outcome.failed}
        reached = next((n for n, line in enumerate(batch) if line.position.sequence_number in failed), len(batch))
        done = max(done, start + reached)
    assert done == len(whole)
    assert stores.profiles() == expected.profiles()
    assert stores.tables["alerts"] == expected.tables["alerts"]
    assert {line for record in stores.streamed for line in record.splitlines()} == {
        line for record in expected.streamed for line in record.splitlines()
    }
