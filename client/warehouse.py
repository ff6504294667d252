"""Questions to the warehouse, by the Redshift Data API: the client opens no connection to the database itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from client.aws import Stage
from client.errors import ClientError

_LONGEST_SECONDS = 300.0


def query(stage: Stage, sql: str) -> Iterator[list[Any]]:
    """Rows of a SELECT, page by page; a null is None, a decimal a string. Raises ClientError when it fails."""
    api = stage.client("redshift-data")
    login = {"SecretArn": stage.warehouse_secret} if stage.warehouse_secret else {}
    started = api.execute_statement(
        WorkgroupName=stage.output("WorkgroupName"), Database=stage.output("DatabaseName"), Sql=sql, **login
    )
    _wait(api, started["Id"])
    page = {"Id": started["Id"]}
    while True:
        result = api.get_statement_result(**page)
        for row in result["Records"]:
            yield [None if cell.get("isNull") else next(iter(cell.values())) for cell in row]
        if not result.get("NextToken"):
            return
        page["NextToken"] = result["NextToken"]


def _wait(api: Any, statement: str) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    pause = 0.02
    while True:
        state = api.describe_statement(Id=statement)
        if state["Status"] == "FINISHED":
            return
        if state["Status"] in ("FAILED", "ABORTED"):
            raise ClientError(f"The warehouse refused a query: {state.get('Error', state['Status'])}.")
        if time.monotonic() > deadline:
            raise ClientError(f"The warehouse has not answered within {_LONGEST_SECONDS:.0f} s: try again later.")
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)
