"""A look into the stores: one transaction found by card and by merchant, and the spend by category."""

from __future__ import annotations

from typing import Any, NamedTuple

from client.aws import Stage
from client.warehouse import query

_BY_CATEGORY = """
SELECT category, COUNT(*) AS transactions, SUM(amount) AS spend, SUM(CASE WHEN is_fraud THEN 1 ELSE 0 END) AS frauds
FROM core.transaction
GROUP BY category
ORDER BY spend DESC
LIMIT 5
"""


class Samples(NamedTuple):
    """One transaction, how many its card and its merchant have in that month, and the top categories."""

    transaction: dict[str, Any]
    of_the_card: int
    of_the_merchant: int
    by_category: list[list[Any]]  # category, transactions, spend in dollars, frauds


def look(stage: Stage) -> Samples | None:
    """Read the samples; None when the table is empty."""
    table, client = stage.output("TableName"), stage.client("dynamodb")
    found = client.scan(TableName=table, Limit=1)["Items"]
    if not found:
        return None
    key = found[0]
    by_card = client.query(
        TableName=table,
        KeyConditionExpression="card_id = :card AND begins_with(time_id, :month)",
        ExpressionAttributeValues={":card": key["card_id"], ":month": {"S": key["time_id"]["S"][:7]}},
        ScanIndexForward=False,
    )
    newest = by_card["Items"][0]
    by_merchant = client.query(
        TableName=table,
        IndexName="merchant-time",
        KeyConditionExpression="merchant_bucket = :bucket",
        ExpressionAttributeValues={":bucket": newest["merchant_bucket"]},
        Select="COUNT",
    )
    plain = {name: next(iter(value.values())) for name, value in newest.items()}
    return Samples(plain, by_card["Count"], by_merchant["Count"], list(query(stage, _BY_CATEGORY)))
