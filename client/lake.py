"""Questions to the lake, by Athena, as the stage's analysts: the same calls for the laptop and for AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError as AwsError

from client.aws import Stage
from client.errors import ClientError
from client.warehouse import Answer

_LONGEST_SECONDS = 1800.0
_WHOLE = frozenset({"tinyint", "smallint", "integer", "bigint"})
_MOST_NAMES = 50  # of a BatchGetNamedQuery


def query_lake(stage: Stage, sql: str) -> tuple[Answer, int]:
    """The answer to a SELECT, and the bytes it scanned; a decimal is a text. Raises ClientError when it fails."""
    athena = _client(stage)
    try:
        started = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": stage.output("CatalogName")},
            WorkGroup=stage.output("LakeWorkgroupName"),
        )["QueryExecutionId"]
    except AwsError as error:
        if error.response["Error"]["Code"] != "InvalidRequestException":
            raise
        raise ClientError(f"Athena refused the query: {error.response['Error']['Message']}") from error
    try:
        ended = _wait(athena, started)
    except KeyboardInterrupt:
        athena.stop_query_execution(QueryExecutionId=started)
        raise
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)
    first = next(iter(pages))
    columns = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    return Answer([column["Name"] for column in columns], _rows(pages, columns)), ended


def saved(stage: Stage) -> dict[str, str]:
    """The workgroup's named queries: their SQL by name."""
    athena = _client(stage)
    pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=stage.output("LakeWorkgroupName"))
    ids = [one for page in pages for one in page["NamedQueryIds"]]
    found = []
    for start in range(0, len(ids), _MOST_NAMES):
        found += athena.batch_get_named_query(NamedQueryIds=ids[start : start + _MOST_NAMES])["NamedQueries"]
    return {one["Name"]: one["QueryString"] for one in sorted(found, key=lambda one: str(one["Name"]))}


def _client(stage: Stage) -> Any:
    return stage.client_as("athena", stage.output("AnalystRoleArn"))


def _wait(athena: Any, query_id: str) -> int:
    deadline, pause = time.monotonic() + _LONGEST_SECONDS, 0.05
    while True:
        found = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state, why = found["Status"]["State"], found["Status"].get("StateChangeReason", "")
        if state == "SUCCEEDED":
            return int(found.get("Statistics", {}).get("DataScannedInBytes", 0))
        if state in ("FAILED", "CANCELLED"):
            ended = "failed" if state == "FAILED" else "was canceled"
            raise ClientError(f"The query {ended}: {why}{_advice(why)}")
        if time.monotonic() > deadline:
            athena.stop_query_execution(QueryExecutionId=query_id)
            raise ClientError(f"Athena has not answered within {_LONGEST_SECONDS:.0f} s: the query was stopped.")
        time.sleep(pause)
        pause = min(2.0, pause * 1.5)


def _advice(why: str) -> str:
    if "TABLE_NOT_FOUND" in why:
        return ". Table batch is there once a crawl has followed the first `swipeline batch`: it takes a minute or two."
    if "Bytes scanned limit" in why:
        return ". Read fewer columns, or fewer partitions (run, occurred_month)."
    return ""


def _rows(pages: Any, columns: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """Without the header, which is the first page's first row."""
    for number, page in enumerate(pages):
        for row in page["ResultSet"]["Rows"][0 if number else 1 :]:
            yield [_value(cell.get("VarCharValue"), column["Type"]) for cell, column in
                   zip(row["Data"], columns, strict=True)]  # fmt: skip


def _value(text: str | None, kind: str) -> Any:
    """As the warehouse's answers have it: whole numbers, floating point and booleans; any other value is a text."""
    if text is None:
        return None
    if kind in _WHOLE:
        return int(text)
    if kind in ("double", "float"):
        return float(text)
    return text == "true" if kind == "boolean" else text
