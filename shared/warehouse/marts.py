"""The marts: installed by migrate-warehouse, brought up to date by merge-warehouse when core has changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from shared.telemetry import describe, logger
from shared.warehouse.data_api import MAX_STATEMENTS, StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.sql import read_statements

# In the order in which they build on each other.
FILES = ("tables", "spend", "customers", "merchants", "fraud", "reviews", "cards", "detail", "overview")
EVERY_SECONDS = 10.0  # merges may follow each other within a second
ROLE_QUERY = "SELECT COUNT(*) AS roles FROM svv_roles WHERE role_name = 'analyst'"


class Refreshed(NamedTuple):
    """What a refresh did, in rows. ``missing`` is what core has more than the marts; below 0, core has lost some."""

    inserted: int
    changed_customers: int
    missing: int
    alerts: int


def install(warehouse: Warehouse, seconds: float) -> int:
    """Create the marts, their comments and the analysts' role; give the number of statements. Idempotent.

    Each transaction takes up to ``seconds``. Raises as Warehouse.run does.
    """
    grants = read_statements("marts/grants.sql")
    [found] = warehouse.run("migrate-marts", [ROLE_QUERY], seconds)
    transactions = [] if found["roles"] else [read_statements("marts/role.sql")]
    # A rebuilt view has lost its grants: each transaction gives them again, so no reader ever misses one.
    files = [read_statements(f"marts/{name}.sql") for name in FILES]
    transactions += [[*batch, *grants] for batch in _packed(files, MAX_STATEMENTS - len(grants))]
    transactions += _packed([[comment] for comment in read_statements("marts/comments.sql")], MAX_STATEMENTS)
    for statements in transactions:
        warehouse.run("migrate-marts", statements, seconds)
    return sum(map(len, transactions))


def refresh(warehouse: Warehouse, seconds: float) -> Refreshed | None:
    """Bring the marts up to date if core has changed, else give None.

    Should core have lost rows, which it never does by itself, this refresh and the next rebuild the marts.
    Raises as Warehouse.run does.
    """
    [waiting] = warehouse.run("watch-marts", read_statements("marts/waiting.sql"), seconds)
    if not any(int(count) for count in waiting.values()):
        return None
    [row] = warehouse.run("refresh-marts", read_statements("marts/refresh.sql"), seconds)
    done = Refreshed(*(int(row[name]) for name in Refreshed._fields))
    if done.missing < 0:
        rebuild(warehouse, seconds)
    return done


class Marts:
    """The marts of a container of merge-warehouse: their failure stops no merge, and not every merge waits for them."""

    def __init__(self, warehouse: Warehouse, clock: Callable[[], float] = time.monotonic) -> None:
        self._warehouse, self._clock = warehouse, clock
        self._failure: StatementFailedError | None = None
        self._due = clock()
        self.current = False

    def follow(self, seconds: float, *, at_once: bool = False) -> Refreshed | None:
        """Refresh as :func:`refresh` does, at most every EVERY_SECONDS; keep a refusal for :meth:`raise_failure`.

        Afterwards ``current`` says whether the marts have all that core has. A refresh that outlasts the function
        continues in the warehouse without failing; the next one waits for its lock.
        """
        self.current = False
        if self._clock() < self._due and not at_once:
            return None
        self._due = self._clock() + EVERY_SECONDS
        try:
            done = refresh(self._warehouse, seconds)
        except StatementFailedError as error:
            self._failure = error
            return None
        except StatementRunningError as error:
            logger.warning("refresh still running", extra=describe(error))
            return None
        self.current = done is None or not done.missing
        return done

    @property
    def due_seconds(self) -> float:
        """Seconds until the marts may be refreshed again."""
        return max(0.0, self._due - self._clock())

    def raise_failure(self) -> None:
        """Raise, once, what the last refresh that failed was refused for."""
        failure, self._failure = self._failure, None
        if failure:
            raise failure


def rebuild(warehouse: Warehouse, seconds: float) -> None:
    """Empty the marts, so that the next refresh rebuilds them. Raises as Warehouse.run does."""
    warehouse.run("rebuild-marts", read_statements("marts/rebuild.sql"), seconds)


def _packed(parts: list[list[str]], most: int) -> list[list[str]]:
    """Put parts together into as few batches as keep their order; a part is never split."""
    batches: list[list[str]] = []
    for part in parts:
        if not batches or len(batches[-1]) + len(part) > most:
            batches.append([])
        batches[-1] += part
    return batches
