"""A hop publishes the counts that it can have, zeros too; the log line has all of them."""

from __future__ import annotations

import pytest

from shared.ledger import HOPS, Ledger


class Recorder:
    """Keeps what is added."""

    def __init__(self) -> None:
        self.added: dict[str, float] = {}

    def add_metric(self, name: str, unit: str, value: float) -> None:
        assert unit == "Count"
        self.added[name] = value


def test_a_hop_publishes_its_counts_zeros_too_and_logs_all() -> None:
    recorder = Recorder()
    counts = Ledger(received=3, written=2, quarantined=1).publish(recorder, "write-to-s3")
    assert recorder.added == {"Received": 3, "Rejected": 0, "Written": 2, "Quarantined": 1, "Failed": 0}
    assert (counts["written"], counts["retried"]) == (2, 0)


@pytest.mark.parametrize("hop", HOPS)
def test_every_hop_publishes_what_its_balance_needs(hop: str) -> None:
    assert {"received", "written"} <= set(HOPS[hop])
    assert set(HOPS[hop]) <= set(vars(Ledger()))
