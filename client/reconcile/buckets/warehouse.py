"""The warehouse by bucket: it counts and sums by itself, and gives ids of single slots only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from client.aws import Stage
from client.reconcile.buckets.differences import Record
from client.reconcile.buckets.tally import CHECKSUM_DIGITS, Count, Tally
from client.reconcile.buckets.window import CARD_DIGITS, DAY, HOUR, MONTH, Window, slot_window
from client.warehouse import query

_UNITS = {HOUR: "hour", DAY: "day", MONTH: "month"}


class Warehouse:
    """Asks core.transaction of a stage. Times and digits in its queries are the program's own, no person's text."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def span(self) -> tuple[str, str] | None:
        """Give the first and last event time, None when it is empty."""
        ((first, last),) = query(self._stage, "SELECT MIN(occurred_at), MAX(occurred_at) FROM core.transaction")
        return None if first is None else (str(first), str(last))

    def merchants(self) -> set[str]:
        """Give the ids of all merchants."""
        return {row[0] for row in query(self._stage, "SELECT merchant_id FROM core.merchant")}

    def staged(self) -> int:
        """How many rows wait to be merged."""
        ((rows,),) = query(self._stage, "SELECT COUNT(*) FROM staging.transaction")
        return int(rows)

    def tally(self, window: Window, width: int) -> Tally:
        """Count the rows of a window; one row per bucket comes back."""
        sql = (
            f"SELECT DATE_TRUNC('{_UNITS[width]}', occurred_at) AS slot, LEFT(card_id, {CARD_DIGITS}) AS digits, "  # noqa: S608
            f"COUNT(*) AS records, "
            f"SUM(CAST(STRTOL(LEFT(MD5(transaction_id), {CHECKSUM_DIGITS}), 16) AS DECIMAL(38, 0))) AS checksum "
            f"FROM core.transaction WHERE {_within(window)} GROUP BY 1, 2"
        )
        counts = {}
        for slot, digits, records, total in query(self._stage, sql):
            counts[f"{slot}".replace(" ", "T")[:width] + digits] = Count(int(records), int(total))
        return Tally(counts)

    def records(self, window: Window, buckets: set[str]) -> Iterator[Record]:
        """Give the rows of some buckets, slot by slot."""
        by_slot: dict[str, list[str]] = defaultdict(list)
        for bucket in sorted(buckets):
            by_slot[bucket[:-CARD_DIGITS]].append(bucket[-CARD_DIGITS:])
        for slot, digits in by_slot.items():
            of_slot = slot_window(slot)
            part = Window(max(window.begin, of_slot.begin), min(window.end, of_slot.end))
            cards = ", ".join(f"'{two}'" for two in digits)
            sql = (
                f"SELECT transaction_id FROM core.transaction WHERE {_within(part)} "  # noqa: S608
                f"AND LEFT(card_id, {CARD_DIGITS}) IN ({cards})"
            )
            for (identity,) in query(self._stage, sql):
                yield Record(identity)


def _within(window: Window) -> str:
    begin, end = (moment.removesuffix("Z").replace("T", " ") for moment in window)
    return f"occurred_at >= '{begin}' AND occurred_at < '{end}'"
