"""The stream function gives the scores of training, through kills, repeats and shards: the benchmark on fewer rows."""

from __future__ import annotations

import pytest

from benchmarks.fraud_cost import simulated
from benchmarks.fraud_stream import TOLERANCE, replayed, streamed


@pytest.mark.parametrize("shards", [1, 4])
def test_the_stream_function_gives_the_scores_of_trainings_replay(shards: int) -> None:
    transactions = sorted(simulated(3000), key=lambda t: (t.occurred_at, t.transaction_id))
    expected, got = replayed(transactions), streamed(transactions, seed=shards, shards=shards)
    assert set(got) == set(expected)
    assert max(abs(got[key] - score) for key, score in expected.items()) <= TOLERANCE
