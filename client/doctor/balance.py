"""The ledger of the last hour, by counts: what the API accepted, and what each hop did of it.

Content is compared by `swipeline reconcile`, which reads the stores: too expensive to repeat every few seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from client import metrics
from client.aws import Stage
from client.doctor.finding import OK, PROBLEM, UNKNOWN, Finding

AREA = "Ledger of the last hour"
SPAN = timedelta(hours=1)
API = "write-to-kinesis"
# What a hop counts of the rows that came to it; the merge counts a row that the warehouse has as a duplicate.
HOPS = {
    "write-to-dynamodb": ("Written", "Duplicates", "Rejected"),
    "write-to-s3": ("Written", "Rejected"),
    "detect-fraud": ("Written", "Duplicates", "Rejected"),
    "merge-warehouse": ("Written", "Duplicates"),
}
HELP = "swipeline reconcile"


def balance(stage: Stage, now: datetime | None = None) -> Iterator[Finding]:
    """Give a finding for each hop after the API."""
    now = now or datetime.now(UTC)
    settled = timedelta(seconds=45 if stage.local else 900)  # what arrived before it is in every store, or late
    accepted = _sums(stage, {API: ("Accepted",)}, now - SPAN, now)[API]
    early = _sums(stage, {API: ("Accepted",)}, now - SPAN, now - settled)[API]
    done = _sums(stage, HOPS, now - SPAN, now)
    yield from assess(accepted, early, done)


def assess(accepted: float | None, early: float | None, done: Mapping[str, float | None]) -> Iterator[Finding]:
    """The findings for what was accepted, what of it long enough ago to be everywhere, and what each hop did."""
    if accepted is None:
        yield Finding(AREA, "API", OK, "Nothing was accepted.")
        return
    yield Finding(AREA, "API", OK, f"{accepted:,.0f} rows accepted.")
    for hop, count in done.items():
        count = count or 0.0
        missing = accepted - count
        if missing <= 0:
            yield Finding(AREA, hop, OK, f"{count:,.0f} rows processed, none missing.")
        elif count >= (early or 0.0):
            yield Finding(AREA, hop, OK, f"{count:,.0f} rows processed, {missing:,.0f} still arriving.")
        else:
            late = (early or 0.0) - count
            text = f"{count:,.0f} rows processed, {late:,.0f} missing that had time to arrive."
            yield Finding(AREA, hop, PROBLEM, text, HELP, "swipeline-reconcile")
    if not done:
        yield Finding(AREA, "hops", UNKNOWN, "No hop was counted.", HELP)


def _sums(
    stage: Stage, wanted: Mapping[str, tuple[str, ...]], begin: datetime, end: datetime
) -> dict[str, float | None]:
    """The sum of some metrics of each function; None where there is no data."""
    found = metrics.sums(stage, wanted, begin, end, period=10 if stage.local else 60)
    return {function: sum(found[function].values()) if function in found else None for function in wanted}
