"""Repairs the table: puts what counts, and a mark in the place of what does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.differences import TABLE, Case
from shared.retry import Budget
from shared.sinks.bulk_write import BulkWriter
from shared.sinks.item import key_of, to_item
from shared.sinks.table import Table
from shared.transaction.schema import Transaction

SECONDS = 300.0


class TableRepair:
    """The table of a stage."""

    def __init__(self, stage: Stage) -> None:
        client, name = stage.client("dynamodb"), stage.output("TableName")
        self._writer, self._table = BulkWriter(client, name), Table(client, name)

    def put(self, transactions: Sequence[Transaction], cases: Iterable[Case]) -> None:
        """Put what counts in the place of what is there. Raises ClientError when it is not stored in time."""
        budget = Budget(SECONDS)
        left, _ = self._writer.write(list({key_of(one): one for one in transactions}.values()), to_item, budget)
        counts = {one.transaction_id: one for one in transactions}
        for case in cases:
            for record in case.doubled.get(TABLE, ()):
                one, key = counts[case.identity], (record.card_id, f"{record.occurred_at}#{record.identity}")
                if key != key_of(one) and not self._table.supersede(key, one, budget):
                    left.append({})
        if left:
            raise ClientError(f"{len(left):,} items were not stored in time. Run `swipeline repair` again to continue.")
