"""Stream, batch path and training give the same scores, through kills, repeats and shards: the benchmark, smaller."""

from __future__ import annotations

import pytest

from benchmarks.fraud_cost import simulated
from benchmarks.fraud_stream import TOLERANCE, batched, replayed, streamed


@pytest.mark.parametrize("shards", [1, 4, 8])
def test_the_stream_function_gives_the_scores_of_trainings_replay(shards: int) -> None:
    transactions = sorted(simulated(1500), key=lambda t: (t.occurred_at, t.transaction_id))
    expected, known = replayed(transactions)
    got = streamed(transactions, known, seed=shards, shards=shards)
    assert set(got) == set(expected)
    assert max(abs(got[key] - score) for key, score in expected.items()) <= TOLERANCE


@pytest.mark.parametrize("seed", range(4))
def test_the_batch_path_gives_the_scores_of_trainings_replay(seed: int) -> None:
    transactions = sorted(simulated(1500), key=lambda t: (t.occurred_at, t.transaction_id))
    (expected, _known), got = replayed(transactions, blind=True), batched(transactions, seed)
    assert set(got) == set(expected)
    assert max(abs(got[key] - score) for key, score in expected.items()) <= TOLERANCE
