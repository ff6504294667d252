"""Conditional puts in bulk: 25 per call, each on its own condition, and one that fails does not keep back the others.

BatchExecuteStatement is the only call that takes many conditions at one write unit each. TransactWriteItems counts each
unit twice and is all or nothing, which is not what is wanted; a PutItem per card would be a thousand requests where
this makes forty. Its language is PartiQL: INSERT fails where there is an item of that key, UPDATE where there is none
or its WHERE does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from shared.aws import failed, is_transient
from shared.retry import Budget
from shared.sinks.item import Item

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html
PUTS_PER_CALL = 25
THREADS = 4
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
_REFUSED = frozenset({"ConditionalCheckFailed", "DuplicateItem"})
_NOT_NOW = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)


class StatementsClient(Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""

    def batch_execute_statement(self, *, Statements: list[dict[str, Any]]) -> dict[str, Any]:
        """Carry out up to 25 statements, each for itself."""


class Put(NamedTuple):
    """An item of a table whose key is the one attribute ``key``.

    It is stored where there is none of that key; with ``before``, the name and value of an attribute, only where there
    is one that still has it; with ``replaces`` alone, where there is any. Other attributes of the item there stay.
    """

    item: Item
    key: str
    before: tuple[str, dict[str, Any]] | None = None
    replaces: bool = False


class PutOutcome(NamedTuple):
    """The puts whose condition failed, those not stored when the budget was spent, and how many were repeated."""

    refused: list[Put]
    unstored: list[Put]
    retried: int


class ConditionalWriter:
    """Puts items into one table, each on its own condition."""

    def __init__(self, client: StatementsClient, name: str, threads: int = THREADS) -> None:
        self._client, self._name, self._threads = client, name, threads

    def write(self, puts: Sequence[Put], budget: Budget) -> PutOutcome:
        """Put items, no two of the same key. Raises ClientError on terminal errors.

        A put whose answer was lost is repeated and meets what it wrote itself: it counts as refused.
        """
        if not puts:
            return PutOutcome([], [], 0)
        calls = [list(puts[start : start + PUTS_PER_CALL]) for start in range(0, len(puts), PUTS_PER_CALL)]
        with ThreadPoolExecutor(min(self._threads, len(calls))) as pool:
            outcomes = list(pool.map(lambda call: self._write_call(call, budget), calls))
        return PutOutcome(
            [put for outcome in outcomes for put in outcome.refused],
            [put for outcome in outcomes for put in outcome.unstored],
            sum(outcome.retried for outcome in outcomes),
        )

    def _write_call(self, puts: list[Put], budget: Budget) -> PutOutcome:
        refused: list[Put] = []
        retried = repeat = 0
        while puts and not budget.spent:
            try:
                answer = self._client.batch_execute_statement(Statements=[self._statement(put) for put in puts])
            except Exception as error:
                if not is_transient(error):
                    raise
            else:
                ended = list(zip(puts, _codes(answer), strict=True))
                refused += [put for put, code in ended if code in _REFUSED]
                puts = [put for put, code in ended if code in _NOT_NOW]
            if not puts or not budget.wait(repeat):
                break
            repeat += 1
            retried += len(puts)
        return PutOutcome(refused, puts, retried)

    def _statement(self, put: Put) -> dict[str, Any]:
        if put.before is None and not put.replaces:
            values = ", ".join(f"'{name}': ?" for name in put.item)
            return {
                "Statement": f'INSERT INTO "{self._name}" VALUE {{{values}}}',
                "Parameters": list(put.item.values()),
            }
        names = [name for name in put.item if name != put.key]
        changes = " ".join(f'SET "{name}" = ?' for name in names)
        where, parameters = f'"{put.key}" = ?', [*(put.item[name] for name in names), put.item[put.key]]
        if put.before is not None:
            where += f' AND "{put.before[0]}" = ?'
            parameters.append(put.before[1])
        return {"Statement": f'UPDATE "{self._name}" {changes} WHERE {where}', "Parameters": parameters}


def _codes(answer: dict[str, Any]) -> list[str | None]:
    """Give how each statement of a call ended: None, or a code of one that was refused or may succeed later.

    Raises ClientError for one that never will.
    """
    codes = [one["Error"].get("Code", "Unknown") if "Error" in one else None for one in answer["Responses"]]
    for code in codes:
        if code is not None and code not in _REFUSED | _NOT_NOW:
            raise failed("BatchExecuteStatement", code)
    return codes
