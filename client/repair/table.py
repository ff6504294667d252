"""Repairs the table: puts what counts, and a mark in the place of what does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.reconcile.differences import TABLE, Case
from shared.aws import error_code
from shared.retry import Budget
from shared.sinks.bulk_write import BulkWriter
from shared.sinks.item import key_of, mark, to_item
from shared.transaction.schema import Transaction

SECONDS = 300.0
INDEX = "transaction-id"


class TableRepair:
    """The table of a stage."""

    def __init__(self, stage: Stage) -> None:
        self._client, self._name = stage.client("dynamodb"), stage.output("TableName")
        self._writer = BulkWriter(self._client, self._name)

    def put(self, transactions: Sequence[Transaction], cases: Iterable[Case]) -> None:
        """Put what counts in the place of what is there. Raises ClientError when it is not stored in time."""
        budget = Budget(SECONDS)
        left, _ = self._writer.write(list({key_of(one): one for one in transactions}.values()), to_item, budget)
        counts = {one.transaction_id: one for one in transactions}
        for case in cases:
            if case.identity in counts and (TABLE in case.doubled or any(one.store == TABLE for one in case.wrong)):
                self._take_out(counts[case.identity])
        if left:
            raise ClientError(f"{len(left):,} items were not stored in time. Run `swipeline repair` again to continue.")

    def _take_out(self, counts: Transaction) -> None:
        """Put a mark in the place of every other item of an id: with another card or time it has another key."""
        index: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": INDEX,
            "KeyConditionExpression": "transaction_id = :id",
            "ExpressionAttributeValues": {":id": {"S": counts.transaction_id}},
        }
        for page in self._client.get_paginator("query").paginate(**index):
            for item in page["Items"]:
                key = item["card_id"]["S"], item["time_id"]["S"]
                if key == key_of(counts):
                    continue
                try:
                    self._client.put_item(
                        TableName=self._name,
                        Item=mark(key, counts),
                        ConditionExpression="transaction_id = :id",
                        ExpressionAttributeValues=index["ExpressionAttributeValues"],
                    )
                except AwsError as error:
                    if error_code(error) != "ConditionalCheckFailedException":
                        raise  # else: something else is there by now
