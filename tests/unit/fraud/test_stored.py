"""A history of stored transactions is that of the file they came from; verdicts and late labels count."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from client.simulator import Settings, batches, write
from fraud.event import event_of
from fraud.history import read
from fraud.labels import HistoryError
from fraud.risk import Fraud, Risk
from fraud.stored import Labels, split, stored_history
from shared.transaction.model import parse_transaction
from shared.transaction.schema import Transaction
from tests.unit.fakes.rows import CARD_KEYS

NOBODY = Labels({}, frozenset(), {})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "rows.csv"
    write(batches(Settings.of(rows=500, seed=5, customers=20, days=12, fraud_rate=0.04)), str(path), "csv")
    return path


def stored(path: Path) -> Iterator[Transaction]:
    with path.open(newline="") as source:
        for row in csv.DictReader(source):
            yield parse_transaction({n: v for n, v in row.items() if n not in ("", "unix_time")}, CARD_KEYS)


def test_it_is_the_history_of_the_file_in_any_order_and_with_repeats(file: Path) -> None:
    (expected,) = read(file)
    transactions = list(stored(file))
    labels = Labels({}, frozenset(one.transaction_id for one in transactions if one.is_fraud), {})
    got = stored_history([*transactions[200:], *transactions[:300]], labels)
    for name, values in expected.events.items():
        assert np.array_equal(got.events[name], values, equal_nan=True), name
    assert got.fraud.tolist() == expected.fraud.tolist()
    assert got.city_population.tolist() == expected.city_population.tolist()
    for mine, theirs in ((got.card, expected.card), (got.merchant, expected.merchant)):
        pairs = set(zip(mine.tolist(), theirs.tolist(), strict=True))
        assert len(pairs) == len(set(mine.tolist())) == len(set(theirs.tolist()))


def test_a_verdict_counts_before_a_label_and_a_late_label_on_the_card_counts(file: Path) -> None:
    one, other, third = list(stored(file))[:3]
    risk = Risk()
    event = event_of(third)
    risk.mark(Fraud(event.at, event.at + 9, event.check, plain=True))
    labels = Labels(
        {one.transaction_id: False, other.transaction_id: True}, frozenset({one.transaction_id}), {third.card_id: risk}
    )
    assert stored_history([one, other, third], labels).fraud.tolist() == [0, 1, 1]
    assert stored_history([one, other, third], NOBODY).fraud.tolist() == [0, 0, 0]


def test_a_history_is_cut_at_a_second(file: Path) -> None:
    whole = stored_history(stored(file), NOBODY)
    at = int(whole.events["at"][100])
    before, later = split(whole, at)
    assert len(before) + len(later) == len(whole)
    assert before.events["at"].max() < at <= later.events["at"].min()


def test_nothing_stored_is_no_history() -> None:
    with pytest.raises(HistoryError, match="no transaction"):
        stored_history([], NOBODY)
