"""Writes transactions to the DynamoDB table, and their merchants to the table that finds those.

A transaction is inserted where there is none of its key, at the same write units as a put. Where there is one, the two
contents are compared, and the one that counts stays (shared/transaction/content.py): no order of retries, redrives and
resends makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from shared.aws import error_code, is_transient
from shared.retry import Budget
from shared.sinks.bulk_read import KEYS_PER_CALL, ReadClient
from shared.sinks.bulk_write import ITEMS_PER_CALL, THREADS, TableClient
from shared.sinks.conditional import ConditionalWriter, Put, StatementsClient
from shared.sinks.consumer import Line, Position
from shared.sinks.item import SUPERSEDED, Item, content_of, key_of, mark, to_item
from shared.sinks.merchants import Merchants
from shared.transaction.content import adds_label, counts_before
from shared.transaction.schema import Transaction

__all__ = ["ITEMS_PER_CALL", "THREADS", "Key", "Table", "TableClient", "WriteOutcome"]

Key = tuple[str, str]
_CHANGED = "ConditionalCheckFailedException"


class ItemsClient(StatementsClient, TableClient, ReadClient, Protocol):
    """The part of boto3's DynamoDB client that is used here; several threads call it at once."""

    def put_item(self, **parameters: Any) -> dict[str, Any]:
        """Put one item on a condition."""


class WriteOutcome(NamedTuple):
    """The result of a write, in transactions, and the positions of the records that are not stored as a whole."""

    written: int
    duplicates: int
    retried: int
    failed: list[Position]
    conflicts: int = 0  # of the others: contents that differ from the one that their key had


class Table:
    """The table of transactions."""

    def __init__(
        self, client: ItemsClient, name: str, threads: int = THREADS, merchants: Merchants | None = None
    ) -> None:
        self._client, self._name = client, name
        self._writer, self._merchants = ConditionalWriter(client, name, threads), merchants

    def write(self, lines: list[Line], budget: Budget) -> WriteOutcome:
        """Write the content that counts of every line's key. A record fails if one of its lines is not stored.

        Raises ClientError on terminal errors (no permission, no such table, an item that DynamoDB refuses).
        """
        unlisted, repeats = self._merchants.unlisted(lines, budget) if self._merchants else ([], 0)
        unwritten: set[Key] = {key_of(line.transaction) for line in unlisted}
        best: dict[Key, Transaction] = {}
        conflicts = 0
        for line in lines:
            one, key = line.transaction, key_of(line.transaction)
            known = best.setdefault(key, one)
            if known is not one and known != one:
                conflicts += _is_conflict(known, one)
                if counts_before(one, known):
                    best[key] = one
        ready = {key: one for key, one in best.items() if key not in unwritten}
        done = self._writer.write([Put(to_item(one), "") for one in ready.values()], budget)
        unwritten.update(map(_key_in, (put.item for put in done.unstored)))
        met = {key: ready[key] for key in map(_key_in, (put.item for put in done.refused))}
        settled = self._settle(met, budget)
        unwritten |= settled.left
        failed = [line.position for line in lines if unwritten and key_of(line.transaction) in unwritten]
        written = len(best) - len(unwritten) - settled.same
        duplicates = len(lines) - len(best) + settled.same
        return WriteOutcome(
            written, duplicates, repeats + done.retried + settled.retried, failed, conflicts + settled.conflicts
        )

    def supersede(self, key: Key, counts: Transaction, budget: Budget) -> bool:
        """Put a mark in the place of a content that does not count, now and should it come later.

        An item there that counts even before ``counts`` stays. Give whether it is done. Raises as :meth:`write` does.
        """
        return not self._settle({key: counts}, budget, marks=True).left

    def _settle(self, met: dict[Key, Transaction], budget: Budget, marks: bool = False) -> _Settled:
        """Replace what counts less than the contents that met it."""
        found = _Settled()
        waiting = dict(met)
        repeat = 0
        while waiting and not budget.spent:
            items = self._read(waiting, found)
            for key in list(waiting):
                if key not in found.answered:
                    continue
                there = items.get(key)
                if self._put(key, waiting[key], there, found, marks):
                    del waiting[key]
            if not waiting or not budget.wait(repeat):
                break
            repeat += 1
            found.retried += len(waiting)
            found.answered.clear()
        found.left = set(waiting)
        return found

    def _put(self, key: Key, one: Transaction, there: Item | None, found: _Settled, marks: bool) -> bool:
        """Put a content, or its mark, unless what is there counts; give whether nothing is left to do."""
        known = _content(there)
        if known == one and (not marks or (there is not None and SUPERSEDED in there)):
            found.same += 1
            return True
        if known is not None and known != one and not counts_before(one, known):
            found.same += 1
            found.conflicts += _is_conflict(known, one)
            return True
        try:
            self._client.put_item(
                TableName=self._name, Item=mark(key, one) if marks else to_item(one), **_unchanged(there)
            )
        except Exception as error:
            if not is_transient(error) and error_code(error) != _CHANGED:
                raise
            return False
        found.conflicts += known is not None and _is_conflict(known, one)
        return True

    def _read(self, wanted: Iterable[Key], found: _Settled) -> dict[Key, Item]:
        keys = [{"card_id": {"S": card}, "time_id": {"S": time}} for card, time in wanted]
        items: dict[Key, Item] = {}
        for start in range(0, len(keys), KEYS_PER_CALL):
            asked = keys[start : start + KEYS_PER_CALL]
            try:
                answer = self._client.batch_get_item(RequestItems={self._name: {"Keys": asked, "ConsistentRead": True}})
            except Exception as error:
                if not is_transient(error):
                    raise
                continue
            left = {_key_in(key) for key in answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])}
            found.answered |= {_key_in(key) for key in asked} - left
            items |= {_key_in(item): item for item in answer["Responses"].get(self._name, [])}
        return items


class _Settled:
    """The outcome of contents that met one in the table."""

    def __init__(self) -> None:
        self.same = self.conflicts = self.retried = 0
        self.left: set[Key] = set()
        self.answered: set[Key] = set()


def _key_in(item: Item) -> Key:
    return item["card_id"]["S"], item["time_id"]["S"]


def _content(item: Item | None) -> Transaction | None:
    """Give an item's content; of one that holds none, which no function of ours writes, None: it is replaced."""
    try:
        return content_of(item) if item else None
    except ValueError:
        return None


def _is_conflict(one: Transaction, other: Transaction) -> bool:
    return not adds_label(one, other) and one.corrected_at == other.corrected_at


def _unchanged(item: Item | None) -> dict[str, Any]:
    """Give the condition that an item is still as it was read."""
    if item is None:
        return {"ConditionExpression": "attribute_not_exists(card_id)"}
    names = {f"#a{at}": name for at, name in enumerate(item)}
    values = {f":a{at}": value for at, value in enumerate(item.values())}
    terms = [f"{name} = {value}" for name, value in zip(names, values, strict=True)]
    # What has come to it since: a label or a correction, the attributes that an item may lack.
    for name in ("is_fraud", "corrected_at", SUPERSEDED):
        if name not in item:
            names[f"#{name}"] = name
            terms.append(f"attribute_not_exists(#{name})")
    return {
        "ConditionExpression": " AND ".join(terms),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
