"""Runs SQL in the warehouse through the Redshift Data API: one transaction, waited for within a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from shared.errors import TransientError

FIRST_POLL_SECONDS = 0.1
LAST_POLL_SECONDS = 2.0
# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
MAX_STATEMENTS = 40

Row = dict[str, Any]


class DataApiClient(Protocol):
    """The part of boto3's Redshift Data API client that is used here."""

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        """Submit statements that run in order, in one transaction."""

    def describe_statement(self, *, Id: str) -> dict[str, Any]:
        """The status of a statement."""

    def get_statement_result(self, **parameters: Any) -> dict[str, Any]:
        """Give a page of a statement's result."""


class StatementFailedError(Exception):
    """The warehouse refused or aborted the statements, and rolled all of them back; the message is its own."""


class StatementRunningError(TransientError):
    """The statements exceeded the time limit. They keep running: if canceled, a long merge would never end."""


class Warehouse:
    """A database of a Redshift Serverless workgroup.

    Without ``secret_arn`` the Data API logs in as the caller's role; with it, as the user in that secret.
    """

    def __init__(
        self,
        client: DataApiClient,
        workgroup: str,
        database: str,
        secret_arn: str = "",
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._clock, self._sleep = client, clock, sleep
        self._target = {"WorkgroupName": workgroup, "Database": database}
        if secret_arn:
            self._target["SecretArn"] = secret_arn

    def run(self, name: str, statements: list[str], seconds: float) -> list[Row]:
        """Run statements as one transaction named ``name``; give the rows of the last one that has any.

        Waits up to ``seconds``. Raises StatementFailedError with the warehouse's words, StatementRunningError when the
        time is up, ValueError on more than 40 statements (the Data API's limit), ClientError on what was not accepted.
        """
        if not 0 < len(statements) <= MAX_STATEMENTS:
            raise ValueError(f"{len(statements)} statements, the Data API takes 1 to {MAX_STATEMENTS} at once")
        deadline = self._clock() + seconds
        submitted = self._client.batch_execute_statement(**self._target, Sqls=statements, StatementName=name)
        statement = self._wait(submitted["Id"], deadline)
        with_rows = [sub["Id"] for sub in statement.get("SubStatements", []) if sub.get("HasResultSet")]
        return self._rows(with_rows[-1]) if with_rows else []

    def _wait(self, statement_id: str, deadline: float) -> dict[str, Any]:
        pause = FIRST_POLL_SECONDS
        while True:
            statement = self._client.describe_statement(Id=statement_id)
            status = statement["Status"]
            if status == "FINISHED":
                return statement
            if status in ("FAILED", "ABORTED"):
                raise StatementFailedError(f"{status}: {_reason(statement)} (statement {statement_id})")
            left = deadline - self._clock()
            if left <= 0:
                raise StatementRunningError(f"still {status} when the time was up (statement {statement_id})")
            self._sleep(min(pause, left))
            pause = min(LAST_POLL_SECONDS, pause * 1.5)

    def _rows(self, statement_id: str) -> list[Row]:
        rows: list[Row] = []
        token: dict[str, str] = {}
        while True:
            page = self._client.get_statement_result(Id=statement_id, **token)
            names = [column["name"] for column in page["ColumnMetadata"]]
            rows += [dict(zip(names, map(_value, record), strict=True)) for record in page["Records"]]
            if not page.get("NextToken"):
                return rows
            token = {"NextToken": page["NextToken"]}


def _reason(statement: dict[str, Any]) -> str:
    """Give the error's text: of the batch, or else of the sub-statement that failed."""
    texts = [statement.get("Error"), *(sub.get("Error") for sub in statement.get("SubStatements", []))]
    return next((text for text in texts if text), "no reason given")


def _value(field: dict[str, Any]) -> Any:
    """Give a field's value: {"longValue": 3} -> 3, {"isNull": True} -> None."""
    ((kind, value),) = field.items()
    return None if kind == "isNull" else value
