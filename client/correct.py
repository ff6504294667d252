"""A correction of a transaction: a new content of it, with who made it and when, on the stream like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from client.aws import Stage
from client.errors import ClientError
from shared.card_numbers.masking import mask_text
from shared.retry import Budget
from shared.sinks.item import content_of
from shared.stream.records import build_records
from shared.stream.writer import Stream
from shared.transaction import correction
from shared.transaction.schema import Transaction

SECONDS = 30.0


def caller(stage: Stage) -> str:
    """Give who is asking, as AWS knows them; at most 100 characters."""
    arn: str = stage.client("sts").get_caller_identity()["Arn"]
    return arn[-100:]


def stored(stage: Stage, transaction_id: str) -> Transaction:
    """Give a transaction as the table has it. Raises ClientError if there is none, or it was changed by hand."""
    client, table = stage.client("dynamodb"), stage.output("TableName")
    keys = client.query(
        TableName=table,
        IndexName="transaction-id",
        KeyConditionExpression="transaction_id = :id",
        ExpressionAttributeValues={":id": {"S": transaction_id}},
        Limit=1,
    )["Items"]
    if not keys:
        raise ClientError(f"No transaction {transaction_id} in the table of stage {stage.name}.")
    key = {name: keys[0][name] for name in ("card_id", "time_id")}
    try:
        return content_of(client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"])
    except ValueError as error:
        raise ClientError(f"{transaction_id} cannot be read ({error}): run `swipeline repair`.") from error


def changed(one: Transaction, changes: Mapping[str, Any]) -> Transaction:
    """Give a content with other values of some columns, as senders write them. Raises ClientError on a wrong one."""
    try:
        return correction.changed(one, changes)
    except correction.CorrectionError as error:
        raise ClientError(f"{error}.") from None


def corrected(one: Transaction, by: str) -> Transaction:
    """Give a content as a correction of now."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return correction.corrected(one, mask_text(by), now)


def send(stage: Stage, one: Transaction) -> None:
    """Put a content on the stream: in the order of its card. Raises ClientError when it is not taken in time."""
    stream = Stream(stage.client("kinesis"), stage.output("StreamName"))
    if stream.put(build_records([(0, one)]), Budget(SECONDS)).unstored_rows:
        raise ClientError("The stream did not take the correction in time. Run the command again.")
