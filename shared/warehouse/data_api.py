"""Runs SQL in the warehouse through the Redshift Data API: one transaction, waited for within a bound.

The one place that submits, polls and pages; functions, the command line and the dashboard each map its errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import TransientError

FIRST_POLL_SECONDS = 0.05
LAST_POLL_SECONDS = 2.0
LONG_POLL_SECONDS = 10  # how long one call may wait for the end of a statement
# https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
MAX_STATEMENTS = 40

Row = dict[str, Any]


class DataApiClient(Protocol):
    """The part of boto3's Redshift Data API client that is used here."""

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        """Submit statements that run in order, in one transaction."""

    def describe_statement(self, **parameters: Any) -> dict[str, Any]:
        """Give a statement's status."""

    def get_statement_result(self, **parameters: Any) -> dict[str, Any]:
        """Give a page of a statement's result."""

    def cancel_statement(self, **parameters: Any) -> dict[str, Any]:
        """Stop a statement."""


class StatementFailedError(Exception):
    """The warehouse refused or aborted the statements, and rolled all of them back; ``reason`` is in its words."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message


class StatementRunningError(TransientError):
    """The statements did not end within the bound."""


@dataclass(frozen=True)
class Result:
    """The result of one statement of a batch, fetched page by page; ``has_rows`` is False for DDL and the like."""

    client: DataApiClient
    statement_id: str
    has_rows: bool

    def pages(self) -> Iterator[dict[str, Any]]:
        """Give the API's pages, each with ``ColumnMetadata`` and ``Records``; none without rows."""
        token: dict[str, str] = {}
        while self.has_rows:
            page = self.client.get_statement_result(Id=self.statement_id, **token)
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def rows(self) -> Iterator[Row]:
        """Give each row by its columns' names: a null is None, a decimal is text."""
        for page in self.pages():
            names = [column["name"] for column in page["ColumnMetadata"]]
            yield from (dict(zip(names, map(value, record), strict=True)) for record in page["Records"])


class Warehouse:
    """A database of a Redshift Serverless workgroup. Thread-safe.

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

    def run(self, name: str, statements: Sequence[str], seconds: float) -> list[Row]:
        """Run statements as one transaction named ``name``; give the rows of the last one that has any.

        Waits up to ``seconds``; raises as :meth:`execute` does. What still runs then runs on: cancelled, a long merge
        would never end.
        """
        with_rows = [result for result in self.execute(name, statements, seconds) if result.has_rows]
        return list(with_rows[-1].rows()) if with_rows else []

    def query(self, name: str, questions: Sequence[str], parameters: Mapping[str, str], seconds: float) -> list[Result]:
        """Answer SELECTs, all of one snapshot of the data; ``parameters`` fill their ``:name`` placeholders.

        The Data API binds a parameter for all statements at once and refuses one that none uses. Raises as
        :meth:`execute` does; a question that takes longer than ``seconds`` is cancelled.
        """
        return self.execute(name, questions, seconds, parameters, cancel=True)

    def execute(
        self,
        name: str,
        statements: Sequence[str],
        seconds: float,
        parameters: Mapping[str, str] | None = None,
        *,
        cancel: bool = False,
    ) -> list[Result]:
        """Run statements as one transaction named ``name``; give their results.

        Raises StatementFailedError with the warehouse's words, StatementRunningError when ``seconds`` are over,
        ValueError on more than 40 statements (the Data API's limit), ClientError on what was not accepted.
        """
        if not 0 < len(statements) <= MAX_STATEMENTS:
            raise ValueError(f"{len(statements)} statements, the Data API takes 1 to {MAX_STATEMENTS} at once")
        deadline = self._clock() + seconds
        bound = [{"name": key, "value": text} for key, text in (parameters or {}).items()]
        submitted = self._client.batch_execute_statement(
            **self._target,
            Sqls=list(statements),
            StatementName=name,
            **({"Parameters": bound} if bound else {}),
            **(_long_poll(seconds) if cancel else {}),
        )
        statement = self._wait(submitted["Id"], deadline, cancel=cancel)
        return [
            Result(self._client, sub["Id"], bool(sub.get("HasResultSet"))) for sub in statement.get("SubStatements", [])
        ]

    def _wait(self, statement_id: str, deadline: float, *, cancel: bool) -> dict[str, Any]:
        pause = FIRST_POLL_SECONDS
        while True:
            left = deadline - self._clock()
            # A person waits for a question, so its call returns at the end; a merge's polls cost a function nothing.
            statement = self._client.describe_statement(Id=statement_id, **(_long_poll(left) if cancel else {}))
            status = statement["Status"]
            if status == "FINISHED":
                return statement
            if status in ("FAILED", "ABORTED"):
                reason = _reason(statement)
                raise StatementFailedError(f"{status}: {reason} (statement {statement_id})", reason)
            if left <= 0:
                if cancel:
                    self._client.cancel_statement(Id=statement_id)
                raise StatementRunningError(f"still {status} when the time was up (statement {statement_id})")
            self._sleep(min(pause, left))
            pause = min(LAST_POLL_SECONDS, pause * 1.5)


def _long_poll(left: float) -> dict[str, int]:
    """Give how long one call may wait: whole seconds, 1 at the least, or no parameter at all."""
    seconds = min(LONG_POLL_SECONDS, int(left))
    return {"WaitTimeSeconds": seconds} if seconds >= 1 else {}


def _reason(statement: dict[str, Any]) -> str:
    """Give the error's text: of the batch, or else of the sub-statement that failed."""
    texts = [statement.get("Error"), *(sub.get("Error") for sub in statement.get("SubStatements", []))]
    return next((text for text in texts if text), "no reason given")


def value(field: dict[str, Any]) -> Any:
    """Give a field's value: {"longValue": 3} -> 3, {"isNull": True} -> None."""
    ((kind, content),) = field.items()
    return None if kind == "isNull" else content
