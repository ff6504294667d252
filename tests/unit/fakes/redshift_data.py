"""The Redshift Data API in memory: asynchronous, all or nothing, results in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.unit.fakes.faults import client_error
from tests.unit.fakes.shapes import obeys


class Result(NamedTuple):
    """A statement's result; ``execute`` may give a list of dicts too."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


Execute = Callable[[str], Result | list[dict[str, Any]] | None]


class StatementError(Exception):
    """What ``execute`` raises for a statement that the warehouse refuses."""


@obeys("redshift-data")
class FakeDataApi:
    """Runs each statement with ``execute``, which gives rows, or None for a statement without a result.

    A batch is SUBMITTED, PICKED and STARTED for one description each (``slow``: forever; ``at_once``: not at all), then
    FINISHED or FAILED.
    """

    def __init__(self, execute: Execute, page: int = 2, *, slow: bool = False, at_once: bool = False) -> None:
        self._execute, self._page, self._slow, self._at_once = execute, page, slow, at_once
        self.submitted: list[dict[str, Any]] = []
        self.descriptions = 0
        self._states: dict[str, list[str]] = {}
        self._outcomes: dict[str, dict[str, Any]] = {}
        self._results: dict[str, Result] = {}

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        if not 1 <= len(parameters["Sqls"]) <= 40:
            raise client_error("BatchExecuteStatement", "ValidationException", 400)
        self.submitted.append(parameters)
        statement_id = f"00000000-0000-4000-8000-{len(self.submitted):012d}"
        waits: list[str] = [] if self._at_once else ["SUBMITTED", "PICKED", "STARTED"]
        self._states[statement_id] = ["STARTED"] if self._slow else waits
        subs: list[dict[str, Any]] = []
        outcome: dict[str, Any] = {"Status": "FINISHED", "SubStatements": subs}
        for number, sql in enumerate(parameters["Sqls"], start=1):
            sub_id = f"{statement_id}:{number}"
            try:
                rows = self._execute(sql)
            except StatementError as error:
                subs.append({"Id": sub_id, "Status": "FAILED", "Error": str(error), "HasResultSet": False})
                outcome |= {"Status": "FAILED", "Error": f"Query #{number} failed with {error}"}
                break
            subs.append({"Id": sub_id, "Status": "FINISHED", "HasResultSet": rows is not None})
            if rows is not None:
                self._results[sub_id] = rows if isinstance(rows, Result) else _result(rows)
        self._outcomes[statement_id] = outcome
        return {"Id": statement_id}

    def describe_statement(self, *, Id: str, WaitTimeSeconds: int = 0) -> dict[str, Any]:
        self.descriptions += 1
        states = self._states[Id]
        if self._slow:
            return {"Id": Id, "Status": states[0]}
        return {"Id": Id, "Status": states.pop(0)} if states else {"Id": Id, **self._outcomes[Id]}

    def get_statement_result(self, *, Id: str, NextToken: str = "0") -> dict[str, Any]:
        columns, rows = self._results[Id]
        start = int(NextToken)
        answer: dict[str, Any] = {
            "ColumnMetadata": [{"name": name} for name in columns],
            "Records": [[_field(value) for value in row] for row in rows[start : start + self._page]],
        }
        if start + self._page < len(rows):
            answer["NextToken"] = str(start + self._page)
        return answer


def _result(rows: list[dict[str, Any]]) -> Result:
    return Result(list(rows[0]) if rows else [], [tuple(row.values()) for row in rows])


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}
