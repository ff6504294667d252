"""Fraud rates with the error that so few purchases leave."""

from __future__ import annotations

import pandas as pd

from fraud.precision import Reviewed

FEW = 100  # labelled purchases: below, a rate says little, and is drawn pale


def rated(data: pd.DataFrame) -> pd.DataFrame:
    """The rows that have labels, with frauds per labelled purchase and where the rate lies with 95% confidence."""
    known = data[data["labelled"].fillna(0) > 0]
    groups = [
        Reviewed("", labelled, frauds, labelled - frauds)
        for labelled, frauds in zip(known["labelled"].astype(int), known["frauds"].astype(int), strict=True)
    ]
    between = [group.between or (0.0, 0.0) for group in groups]
    return known.assign(
        fraud_rate=pd.Series([group.precision for group in groups], index=known.index, dtype="float64"),
        fraud_rate_low=pd.Series([low for low, _ in between], index=known.index, dtype="float64"),
        fraud_rate_high=pd.Series([high for _, high in between], index=known.index, dtype="float64"),
    )
