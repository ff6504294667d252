"""Writes what a crawl found into the Glue catalog, by the crawler's schema change policy."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.clients import error_code
from local.crawler.table import Column, Table, merged

MOST_PARTITIONS = 100  # of a BatchCreatePartition


def save(glue: Any, database: str, crawler: str, table: Table, update: bool) -> str:
    """Create or update a table and its partitions; CREATED, UPDATED or UNCHANGED. Columns are never removed."""
    old = _existing(glue, database, table.name)
    if old is None:
        glue.create_table(DatabaseName=database, TableInput=_input(table, crawler))
        outcome = "CREATED"
    else:
        known = [Column(column["Name"], column["Type"]) for column in old["StorageDescriptor"]["Columns"]]
        table.columns = merged(known, table.columns)
        outcome = "UNCHANGED" if _input(table, crawler) == _comparable(old) else "UPDATED"
        if outcome == "UPDATED" and update:
            glue.update_table(DatabaseName=database, TableInput=_input(table, crawler))
    if table.keys:
        _save_partitions(glue, database, table)
    return outcome


def _existing(glue: Any, database: str, name: str) -> dict[str, Any] | None:
    try:
        return dict(glue.get_table(DatabaseName=database, Name=name)["Table"])
    except ClientError as error:
        if error_code(error) != "EntityNotFoundException":
            raise
        return None


def _input(table: Table, crawler: str) -> dict[str, Any]:
    return {
        "Name": table.name,
        "Owner": "owner",
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": table.storage(),
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in table.keys],
        "Parameters": table.parameters() | {"UPDATED_BY_CRAWLER": crawler},
    }


def _comparable(old: dict[str, Any]) -> dict[str, Any]:
    return {name: old.get(name) for name in _input_names()}


def _input_names() -> tuple[str, ...]:
    return ("Name", "Owner", "TableType", "StorageDescriptor", "PartitionKeys", "Parameters")


def _save_partitions(glue: Any, database: str, table: Table) -> None:
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table.name)
    known = {tuple(partition["Values"]) for page in pages for partition in page["Partitions"]}
    new = [
        {"Values": list(values), "StorageDescriptor": table.storage(location)}
        for values, location in table.partitions.items()
        if values not in known
    ]
    for start in range(0, len(new), MOST_PARTITIONS):
        glue.batch_create_partition(
            DatabaseName=database, TableName=table.name, PartitionInputList=new[start : start + MOST_PARTITIONS]
        )
