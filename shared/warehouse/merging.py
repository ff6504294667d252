"""One pass of merge-warehouse: a look at staging, and a merge if anything is there."""

from __future__ import annotations

from typing import NamedTuple

from shared.telemetry import describe, logger
from shared.warehouse.data_api import Row, StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.sql import read_statements


class MergeResult(NamedTuple):
    """What one pass did, in rows; ``waited_seconds`` is how long the oldest of them was staged, None without any."""

    staged: int
    inserted: int  # of new ids
    duplicates: int  # of ids that were known, or staged more than once
    waited_seconds: float | None
    replaced: int = 0  # of these, contents that count from now on
    conflicts: int = 0  # contents in conflict with the one that counts, found by this pass
    unresolved: int = 0  # contents that do not count, which the other stores do not know of


NOTHING = MergeResult(0, 0, 0, None)


def merge_statements() -> list[str]:
    """Give the statements of one merge, of transactions and alerts: one transaction."""
    return [*read_statements("merge_alerts.sql"), *read_statements("merge.sql")]


def read_result(rows: list[Row]) -> MergeResult:
    """Read the one row that merge.sql ends with. Raises ValueError when it is not there: then nothing is known."""
    if len(rows) != 1:
        raise ValueError(f"merge.sql gave {len(rows)} rows, expected one with its counts")
    row = rows[0]
    waited = row["waited_seconds"]
    return MergeResult(
        int(row["staged"]),
        int(row["inserted"]),
        int(row["duplicates"]),
        None if waited is None else float(waited),
        int(row["replaced"]),
        int(row["conflicts"]),
        int(row["unresolved"]),
    )


def read_look(rows: list[Row]) -> tuple[int, int]:
    """Read the one row that staged.sql gives: what waits to be merged and resolved. Raises ValueError without it."""
    if len(rows) != 1:
        raise ValueError(f"staged.sql gave {len(rows)} rows, expected one with two counts")
    return int(rows[0]["waiting"]), int(rows[0]["unresolved"])


class Merge:
    """A pass. One that the warehouse refuses (a conflict with a load) is repeated when its message is received again.

    A merge that outlasts the function is no failure: the statement continues. The next look at staging waits for its
    lock, and raises when that takes the whole of its own time.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._look, self._statements = read_statements("staged.sql"), merge_statements()
        self._refusal: StatementFailedError | None = None

    def once(self, seconds: float) -> MergeResult | None:
        """Merge what is staged, if anything is; None when it was refused or runs on. Raises as Warehouse.run does."""
        self._refusal = None
        try:
            waiting, unresolved = read_look(self._warehouse.run("look-at-staging", self._look, seconds))
            if not waiting:
                return NOTHING._replace(unresolved=unresolved)
            return self._merge(seconds)
        except StatementFailedError as error:
            self._refusal = error
            logger.warning("pass refused", extra=describe(error))
            return None

    def _merge(self, seconds: float) -> MergeResult | None:
        try:
            result = read_result(self._warehouse.run("merge-warehouse", self._statements, seconds))
        except StatementRunningError as error:
            logger.warning("pass still running", extra=describe(error))
            return None
        logger.info("merged", extra=result._asdict())
        return result

    def raise_refusal(self) -> None:
        """Raise what the last pass was refused for, if it was."""
        if self._refusal:
            raise self._refusal
