"""The shipped model uses verdicts: the demo's comparison over several seeds, without a stage."""

from __future__ import annotations

from statistics import mean

from benchmarks.fraud_learning import compared
from fraud.model import load


def test_verdicts_on_the_first_half_find_more_frauds_in_the_second_and_keep_precision() -> None:
    model = load()
    pairs = [compared(model, seed) for seed in range(1, 6)]
    gains = [(after.recall or 0) - (without.recall or 0) for without, after in pairs]
    assert min(gains) >= 0
    assert mean(gains) > 0.03
    assert mean(after.precision or 0 for _, after in pairs) > 0.9
