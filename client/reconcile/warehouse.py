"""The warehouse by bucket: it counts and sums by itself, and gives ids of single slots only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from client.aws import Stage
from client.reconcile.differences import WAREHOUSE, Difference
from client.reconcile.records import SEPARATOR, Record, of_text
from client.reconcile.tally import CHECKSUM_DIGITS, Count, Tally
from client.reconcile.window import CARD_DIGITS, DAY, HOUR, MONTH, Window, bounding_window, is_slot
from client.warehouse import query
from shared.transaction.content import content_sql, field_sql
from shared.transaction.schema import FIELDS

_CONTENT = content_sql("content")
_TIME = field_sql(next(field for field in FIELDS if field.name == "occurred_at"), "content")
_UNITS = {HOUR: "hour", DAY: "day", MONTH: "month"}
BUCKETS_AT_ONCE = 1_000  # in a statement, of which the Data API takes 100 KB
_QUOTES = frozenset("'\\")  # in no id, unless somebody changed it


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
            f"SUM(CAST(STRTOL(LEFT(MD5({_CONTENT}), {CHECKSUM_DIGITS}), 16) AS DECIMAL(38, 0))) AS checksum "
            f"FROM core.transaction AS content WHERE {_within(window)} GROUP BY 1, 2"
        )
        counts = {}
        for slot, digits, records, total in query(self._stage, sql):
            counts[f"{slot}".replace(" ", "T")[:width] + digits.ljust(CARD_DIGITS)] = Count(int(records), int(total))
        return Tally(counts)

    def records(self, window: Window, buckets: set[str], width: int) -> Iterator[Record]:
        """Give the rows of some buckets, a thousand buckets to a statement: each statement costs a round trip."""
        # A slot that is none is of another store: no TIMESTAMP begins so.
        wanted = sorted(one.rstrip() for one in buckets if is_slot(one[:width]) and not _QUOTES & set(one))
        for start in range(0, len(wanted), BUCKETS_AT_ONCE):
            some = wanted[start : start + BUCKETS_AT_ONCE]
            part = bounding_window((one[:width].ljust(width + CARD_DIGITS) for one in some), window)
            names = ", ".join(f"'{one}'" for one in some)
            sql = (
                f"SELECT {_CONTENT} AS content FROM core.transaction AS content WHERE {_within(part)} "  # noqa: S608
                f"AND LEFT({_TIME}, {width}) || LEFT(card_id, {CARD_DIGITS}) IN ({names})"
            )
            for (text,) in query(self._stage, sql):
                yield of_text(text)

    def all_records(self, wanted: Callable[[str], bool]) -> Iterator[Record]:
        """Give the rows of some ids."""
        for (text,) in query(self._stage, f"SELECT {_CONTENT} AS content FROM core.transaction AS content"):  # noqa: S608
            if wanted(text.partition(SEPARATOR)[0]):
                yield of_text(text)

    def identities(self) -> Iterator[str]:
        """Give the ids of all rows."""
        return (str(identity) for (identity,) in query(self._stage, "SELECT transaction_id FROM core.transaction"))

    def superseded(self) -> frozenset[str]:
        """Give the digests of the contents that are known not to count."""
        return frozenset(digest.strip() for (digest,) in query(self._stage, "SELECT digest FROM core.superseded"))

    def wrong_dimensions(self) -> list[Difference]:
        """Give the customers and merchants that are not as their latest transaction says; by the id of that one."""
        found = []
        for of, key in (("customer", "customer_id"), ("merchant", "merchant_id")):
            names = [field.name for field in FIELDS if field.of == of]
            changed = [f"CASE WHEN known.{name} <> fact.{name} THEN '{name} ' ELSE '' END" for name in names]
            sql = (
                f"SELECT known.last_transaction_id, {' || '.join(changed)} AS fields "  # noqa: S608
                f"FROM core.{of} AS known INNER JOIN core.transaction AS fact "
                f"ON fact.transaction_id = known.last_transaction_id AND fact.{key} = known.{key} "
                f"WHERE {' OR '.join(f'known.{name} <> fact.{name}' for name in names)}"
            )
            for identity, fields in query(self._stage, sql):
                found.append(Difference(identity, WAREHOUSE, [f"{of}.{name}" for name in fields.split()]))
        return found


def _within(window: Window) -> str:
    begin, end = (moment.removesuffix("Z").replace("T", " ") for moment in window)
    return f"occurred_at >= '{begin}' AND occurred_at < '{end}'"
