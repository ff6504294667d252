"""The shipped model learns from the rows that `swipeline generate` writes, without the file between."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from client.simulator import Settings, batches, write
from fraud.history import read
from scripts.shipped_model import simulated, together, worlds

RUN = Settings.of(rows=2_000, seed=5, customers=20, days=30, fraud_rate=0.02)


def test_simulated_rows_are_what_is_read_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write(batches(RUN), str(path), "parquet")
    (expected,), got = read(path), simulated(RUN)
    for name, values in expected.events.items():
        assert np.array_equal(got.events[name], values), name
    for name in ("card", "merchant", "fraud", "city_population"):
        assert np.array_equal(getattr(got, name), getattr(expected, name)), name


def test_the_same_run_has_the_same_hash_and_another_one_does_not() -> None:
    assert simulated(RUN).sha256 == simulated(RUN).sha256
    assert simulated(RUN).sha256 != simulated(Settings.of(rows=2_000, seed=6, customers=20, days=30)).sha256


def test_worlds_share_out_rows_and_customers_and_have_cards_and_merchants_of_their_own() -> None:
    parts = [simulated(one) for one in worlds(RUN, 2)]
    whole = together(parts)
    assert len(whole) == RUN.rows
    assert whole.events["at"].tolist() == sorted(whole.events["at"].tolist())
    assert whole.fraud.sum() == sum(one.fraud.sum() for one in parts)
    assert len(np.unique(whole.card)) == sum(len(np.unique(one.card)) for one in parts)
    assert len(np.unique(whole.merchant)) == sum(len(np.unique(one.merchant)) for one in parts)
    amounts = [np.bincount(one.card, weights=one.events["amount"]) for one in (whole, *parts)]
    assert sorted(amounts[0]) == sorted([*amounts[1], *amounts[2]])
