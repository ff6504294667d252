"""Every hop publishes the same seven names, zeros too."""

from __future__ import annotations

from shared.ledger import Ledger


class Recorder:
    """Keeps what is added."""

    def __init__(self) -> None:
        self.added: dict[str, float] = {}

    def add_metric(self, name: str, unit: str, value: float) -> None:
        assert unit == "Count"
        self.added[name] = value


def test_all_counts_are_published_under_the_names_of_the_contract() -> None:
    recorder = Recorder()
    counts = Ledger(received=3, written=2, quarantined=1).publish(recorder)
    assert recorder.added == {
        "Received": 3,
        "Accepted": 0,
        "Rejected": 0,
        "Written": 2,
        "Duplicates": 0,
        "Quarantined": 1,
        "Retried": 0,
    }
    assert counts["written"] == 2
