"""A short selection of the fault scenarios, on every run of the tests; `make chaos` runs all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.report import untouched
from tests.chaos.run import carry_out
from tests.chaos.scenarios import KINDS
from tests.chaos.target import Target

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SEED, TRANSACTIONS = 20, 120
SELECTION = (
    "stream takes a part",
    "stream, outcome unknown",
    "table takes a part",
    "table, outcome unknown",
    "profiles and alerts, outcome unknown",
    "lake, outcome unknown",
    "credentials expire",
    "API's answers are lost",
    "delivery is refused",
    "kill a function",
    "kill firehose",
    "poison",
    "resharding, and a consumer in trouble",
    "everything at once",
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target.make(tmp_path_factory.mktemp("chaos"))
    try:
        target.up()
        yield target
    finally:
        target.down()


def test_whatever_breaks_nothing_is_lost_nothing_is_twice_and_each_poison_is_in_quarantine_once(target: Target) -> None:
    numbers = [list(KINDS).index(kind) for kind in SELECTION]
    results = carry_out(target, SEED, numbers, TRANSACTIONS, of=len(KINDS), wave=len(numbers), durable=False)
    assert [f"{r.scenario.kind}: {problem}" for r in results for problem in r.problems] == []
    assert sum(len(r.ids) for r in results) == TRANSACTIONS * len(SELECTION)
    assert sum(r.quarantined for r in results) == sum(len(r.scenario.poison) for r in results) > 0
    assert untouched(results) == [], "faults that hit nothing prove nothing"
