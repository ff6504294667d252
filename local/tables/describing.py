"""What DescribeTable says of a table's size and of its indexes, where MiniStack has 200 bytes an item and no status.

Sizes are those of a sample times the count: AWS brings them up to date about every six hours.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SAMPLE = 200
_ON_DEMAND = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
Description = dict[str, Any]


def described(describe: Callable[[str], Description], dynamodb: Any) -> Callable[[str], Description]:
    """`_table_description` with true sizes, and with each index's status, size and capacity."""

    def description(name: str) -> Description:
        found = dict(describe(name))
        table = dynamodb._tables[name]
        sample = [item for _, item in table["items"].rows.after(None, SAMPLE)]
        on_demand = (found.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST"
        found["TableSizeBytes"] = _scaled(sample, found["ItemCount"], dynamodb._item_size_bytes)
        if on_demand:
            found["ProvisionedThroughput"] = dict(_ON_DEMAND)
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            if kind in found:
                found[kind] = [_index(one, kind, found, sample, on_demand, dynamodb) for one in found[kind]]
        return found

    return description


def _index(
    index: Description, kind: str, table: Description, sample: list[Any], on_demand: bool, dynamodb: Any
) -> Description:
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    held = [item for item in sample if all(key in item for key in keys)]
    count = round(table["ItemCount"] * len(held) / len(sample)) if sample else 0
    of_table = {key["AttributeName"] for key in table["KeySchema"]}
    projection = index.get("Projection") or {}
    kept = {*keys, *of_table, *projection.get("NonKeyAttributes", [])}
    if projection.get("ProjectionType") != "ALL":
        held = [{name: value for name, value in item.items() if name in kept} for item in held]
    made = index | {
        "IndexArn": f"{table['TableArn']}/index/{index['IndexName']}",
        "ItemCount": count,
        "IndexSizeBytes": _scaled(held, count, dynamodb._item_size_bytes),
    }
    if kind == "GlobalSecondaryIndexes":
        made["IndexStatus"] = index.get("IndexStatus") or "ACTIVE"
        if on_demand:
            made["ProvisionedThroughput"] = dict(_ON_DEMAND)
    return made


def _scaled(sample: list[Any], count: int, size: Callable[[Any], int]) -> int:
    return round(count * sum(map(size, sample)) / len(sample)) if sample else 0
