"""Conditional puts in bulk: a hundred per call, and one whose condition fails does not keep back the others.

TransactWriteItems is the only call that takes many conditions. Its writes count twice, but a call per card would be a
thousand requests where this makes ten. All or nothing is not what is wanted of it: a cancelled call names the puts
whose condition failed, and is repeated without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from shared.aws import error_code, is_transient
from shared.retry import Budget
from shared.sinks.item import Item

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
PUTS_PER_CALL = 100
THREADS = 4
_CONDITION = "ConditionalCheckFailed"
_NOT_NOW = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


class TransactClient(Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:
        """Write up to 100 items, all or none."""


class Put(NamedTuple):
    """An item, the condition on which it replaces what is there, and the condition's values."""

    item: Item
    condition: str
    values: dict[str, dict[str, Any]]


class PutOutcome(NamedTuple):
    """The puts whose condition failed, those not stored when the budget was spent, and how many were repeated."""

    refused: list[Put]
    unstored: list[Put]
    retried: int


class ConditionalWriter:
    """Puts items into one table, each on its own condition."""

    def __init__(self, client: TransactClient, name: str, threads: int = THREADS) -> None:
        self._client, self._name, self._threads = client, name, threads

    def write(self, puts: Sequence[Put], budget: Budget) -> PutOutcome:
        """Put items, no two of the same key. Raises ClientError on what no retry can mend."""
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
                self._client.transact_write_items(TransactItems=[self._action(put) for put in puts])
            except Exception as error:
                reasons = _reasons(error, len(puts))
                if not reasons and not is_transient(error):
                    raise
                if _CONDITION in reasons:
                    refused += [put for put, reason in zip(puts, reasons, strict=True) if reason == _CONDITION]
                    puts = [put for put, reason in zip(puts, reasons, strict=True) if reason != _CONDITION]
                    continue  # at once: nothing is the matter with the others
                if not budget.wait(repeat):
                    break
                repeat += 1
                retried += len(puts)
            else:
                puts = []
        return PutOutcome(refused, puts, retried)

    def _action(self, put: Put) -> dict[str, Any]:
        action = {"TableName": self._name, "Item": put.item, "ConditionExpression": put.condition}
        return {"Put": action | ({"ExpressionAttributeValues": put.values} if put.values else {})}


def _reasons(error: Exception, puts: int) -> list[str]:
    """Give the reason of each put for which a call was cancelled; none if it failed otherwise, or for good."""
    if error_code(error) != "TransactionCanceledException":
        return []
    reasons = [str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])]  # type: ignore[attr-defined]
    if len(reasons) != puts or set(reasons) - _NOT_NOW - {_CONDITION, "None"}:
        return []
    return reasons
