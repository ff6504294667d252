"""Questions to the warehouse by the Redshift Data API: several at once, parameters bound, within a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import pandas as pd
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from dashboard.frames import frame

MAX_STATEMENTS = 40  # https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html
LONG_POLL_SECONDS = 10
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0
FETCHERS = 4  # results are fetched side by side: on AWS each takes a round trip

Frames = dict[str, pd.DataFrame]
# What AWS and the embedded AWS say when it is they who cannot answer now, not the question that is wrong.
_PASSING = {
    "ActiveStatementsExceededException",
    "InternalServerException",
    "InternalFailure",
    "ServiceUnavailable",
    "ThrottlingException",
    "DatabaseConnectionException",
    *(
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
    ),  # assumed again at the next query
    "ResourceNotFoundException",  # the workgroup is not there (yet), or the statement was lost in a restart
}


class WarehouseAwayError(Exception):
    """The warehouse does not answer, or not in time: it may later. The message is for the reader of the page."""


class QueryError(Exception):
    """The warehouse refused a question, and would refuse it again; the message holds its words."""


class DataApi(Protocol):
    """The part of boto3's Redshift Data API client that is used here."""

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        """Submit statements that run in order, in one transaction."""

    def describe_statement(self, **parameters: Any) -> dict[str, Any]:
        """The status of a statement."""

    def get_statement_result(self, **parameters: Any) -> dict[str, Any]:
        """Give a page of a statement's result."""

    def cancel_statement(self, **parameters: Any) -> dict[str, Any]:
        """Stop a statement."""


class Warehouse:
    """A database of a Redshift Serverless workgroup, to be read.

    The Data API logs in as the caller's role. Thread-safe.
    """

    def __init__(
        self,
        client: DataApi,
        workgroup: str,
        database: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._clock, self._sleep = client, clock, sleep
        self._target = {"WorkgroupName": workgroup, "Database": database}

    def ask(self, questions: Mapping[str, str], parameters: Mapping[str, str], seconds: float = 30.0) -> Frames:
        """Answer SELECTs, by name, all of one snapshot of the data; ``parameters`` fill their ``:name`` placeholders.

        The Data API binds a parameter for all statements at once and refuses one that none uses. Raises
        WarehouseAwayError when there is no answer within ``seconds`` (what still runs is canceled), QueryError when
        the warehouse refuses, ValueError on more than 40 questions.
        """
        if not 0 < len(questions) <= MAX_STATEMENTS:
            raise ValueError(f"{len(questions)} questions, the Data API takes 1 to {MAX_STATEMENTS} at once")
        deadline = self._clock() + seconds
        bound = {"Parameters": [{"name": name, "value": value} for name, value in parameters.items()]}
        try:
            submitted = self._client.batch_execute_statement(
                **self._target,
                **(bound if parameters else {}),
                Sqls=list(questions.values()),
                StatementName="dashboard",
                **_long_poll(seconds),
            )
            parts = self._wait(submitted["Id"], deadline)
            with ThreadPoolExecutor(min(FETCHERS, len(parts))) as pool:
                frames = list(pool.map(self._fetch, (part["Id"] for part in parts)))
        except AwsError as error:
            raise _error_for(error) from error
        except BotoCoreError as error:
            raise WarehouseAwayError(f"The warehouse does not answer: {error}") from error
        return dict(zip(questions, frames, strict=True))

    def _wait(self, statement_id: str, deadline: float) -> list[dict[str, Any]]:
        """The statement's parts, once all have ended."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            left = deadline - self._clock()
            statement = self._client.describe_statement(Id=statement_id, **_long_poll(left))
            if statement["Status"] == "FINISHED":
                return list(statement["SubStatements"])
            if statement["Status"] in ("FAILED", "ABORTED"):
                raise QueryError(f"The warehouse refused a question: {_reason(statement)}")
            if left <= 0:
                self._client.cancel_statement(Id=statement_id)
                raise WarehouseAwayError("The warehouse takes too long to answer.")
            self._sleep(min(pause, max(left, 0.0)))
            pause = min(LONGEST_PAUSE_SECONDS, pause * 1.5)

    def _fetch(self, statement_id: str) -> pd.DataFrame:
        records: list[list[dict[str, Any]]] = []
        token: dict[str, str] = {}
        while True:
            page = self._client.get_statement_result(Id=statement_id, **token)
            records += page["Records"]
            if not page.get("NextToken"):
                return frame(page["ColumnMetadata"], records)
            token = {"NextToken": page["NextToken"]}


def _long_poll(left: float) -> dict[str, int]:
    """How long one call may wait for the end of a statement: whole seconds from 1 on, or no parameter at all."""
    seconds = min(LONG_POLL_SECONDS, int(left))
    return {"WaitTimeSeconds": seconds} if seconds >= 1 else {}


def _reason(statement: dict[str, Any]) -> str:
    texts = [statement.get("Error"), *(part.get("Error") for part in statement.get("SubStatements", []))]
    return next((text for text in texts if text), str(statement["Status"]))


def _error_for(error: AwsError) -> Exception:
    detail = error.response.get("Error", {})
    code, text = str(detail.get("Code", "")), str(detail.get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _PASSING or status >= 500:
        return WarehouseAwayError(f"The warehouse cannot answer now: {code}: {text}")
    return QueryError(f"AWS refused {error.operation_name}: {code}: {text}")
