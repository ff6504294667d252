"""Questions to the warehouse, by the Redshift Data API: the client opens no connection to the database itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from client.aws import Stage
from client.errors import ClientError

_LONGEST_SECONDS = 300.0


class Answer(NamedTuple):
    """The columns of a result, and its rows as they are taken: a null is None, a decimal a string."""

    columns: list[str]
    rows: Iterator[list[Any]]


def query(stage: Stage, sql: str) -> Iterator[list[Any]]:
    """Rows of a SELECT, page by page; a null is None, a decimal a string. Raises ClientError when it fails."""
    login = {"SecretArn": stage.warehouse_secret} if stage.warehouse_secret else {}
    yield from _run(stage, stage.client("redshift-data"), sql, login).rows


def query_as_analyst(stage: Stage, sql: str) -> Answer:
    """The same with the rights of the stage's analysts: to read the marts, and nothing else. Raises ClientError."""
    return _run(stage, stage.client_as("redshift-data", stage.output("AnalystRoleArn")), sql, {})


def _run(stage: Stage, api: Any, sql: str, login: dict[str, str]) -> Answer:
    started = api.execute_statement(
        WorkgroupName=stage.output("WorkgroupName"), Database=stage.output("DatabaseName"), Sql=sql, **login
    )
    if not _wait(api, started["Id"]).get("HasResultSet", True):
        return Answer([], iter(()))
    first = api.get_statement_result(Id=started["Id"])
    columns = [column["name"] for column in first.get("ColumnMetadata", [])]
    return Answer(columns, _rows(api, started["Id"], first))


def _rows(api: Any, statement: str, result: dict[str, Any]) -> Iterator[list[Any]]:
    while True:
        for row in result["Records"]:
            yield [None if cell.get("isNull") else next(iter(cell.values())) for cell in row]
        if not result.get("NextToken"):
            return
        result = api.get_statement_result(Id=statement, NextToken=result["NextToken"])


def _wait(api: Any, statement: str) -> dict[str, Any]:
    deadline = time.monotonic() + _LONGEST_SECONDS
    pause = 0.02
    while True:
        state = api.describe_statement(Id=statement)
        if state["Status"] == "FINISHED":
            return dict(state)
        if state["Status"] in ("FAILED", "ABORTED"):
            raise ClientError(f"The warehouse refused a query: {state.get('Error', state['Status'])}.")
        if time.monotonic() > deadline:
            raise ClientError(f"The warehouse has not answered within {_LONGEST_SECONDS:.0f} s: try again later.")
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)
