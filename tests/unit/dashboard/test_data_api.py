"""The client of the Data API, against a server that behaves as the documentation says."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dashboard.data_api import Marts, QueryError, WarehouseUnavailableError
from shared.warehouse.data_api import Warehouse
from tests.unit.fakes.shapes import obeys

COLUMNS = [
    {"name": "state", "typeName": "bpchar", "scale": 0},
    {"name": "transactions", "typeName": "int8", "scale": 0},
    {"name": "amount", "typeName": "numeric", "scale": 2},
    {"name": "is_fraud", "typeName": "bool", "scale": 0},
    {"name": "day", "typeName": "date", "scale": 0},
]
NULL = {"isNull": True}


@obeys("redshift-data")
class Server:
    """Statements run for ``polls`` looks; results come in pages of two rows."""

    def __init__(self, rows: list[list[dict[str, Any]]], polls: int = 1, end: str = "FINISHED") -> None:
        self.rows, self.polls, self.end = rows, polls, end
        self.submitted: dict[str, Any] = {}
        self.cancelled = False

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        self.submitted = parameters
        return {"Id": "s"}

    def describe_statement(self, **parameters: Any) -> dict[str, Any]:
        self.polls -= 1
        if self.polls > 0:
            return {"Status": "STARTED"}
        parts = [{"Id": f"s:{n}", "HasResultSet": True} for n in range(1, len(self.submitted["Sqls"]) + 1)]
        return {"Status": self.end, "SubStatements": parts, "Error": "relation mart.nothing does not exist"}

    def get_statement_result(self, **parameters: Any) -> dict[str, Any]:
        begin = int(parameters.get("NextToken", 0))
        more = {"NextToken": str(begin + 2)} if begin + 2 < len(self.rows) else {}
        return {"ColumnMetadata": COLUMNS, "Records": self.rows[begin : begin + 2], **more}

    def cancel_statement(self, **_: Any) -> dict[str, Any]:
        self.cancelled = True
        return {"Status": True}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def warehouse(server: Any) -> Marts:
    clock = Clock()
    return Marts(Warehouse(server, "swipeline-local", "swipeline", clock=clock, sleep=clock.sleep))


def row(state: str, count: int, amount: str | None) -> list[dict[str, Any]]:
    money = NULL if amount is None else {"stringValue": amount}
    return [{"stringValue": state}, {"longValue": count}, money, NULL, {"stringValue": "2020-02-29"}]


@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0, 30.0, 3000.0])
def test_every_call_is_one_that_botocore_would_send_however_little_time_is_left(seconds: float) -> None:
    """A long poll of 0 s is below the API's minimum: it raised instead of canceling, and the query ran on."""
    server = Server([row("NY", 1, "0.10")], polls=100_000)
    with pytest.raises(WarehouseUnavailableError, match="too long"):
        warehouse(server).ask({"a": "SELECT 1"}, {}, seconds)
    assert server.cancelled


def test_answers_are_typed_and_have_all_pages() -> None:
    server = Server([row("NY", 1, "0.10"), row("TX", 2, None), row("CA", 3, "12345678901.23")])
    found = warehouse(server).ask({"a": "SELECT 1", "b": "SELECT 2"}, {"state_0": "NY"})
    assert list(found) == ["a", "b"]
    data = found["a"]
    assert list(data["state"]) == ["NY", "TX", "CA"]
    assert {name: str(kind) for name, kind in data.dtypes.items()} == {
        "state": "object",
        "transactions": "Int64",
        "amount": "float64",
        "is_fraud": "boolean",
        "day": "datetime64[ns]",
    }
    assert data["amount"].iloc[2] == 12345678901.23
    assert pd.isna(data["amount"].iloc[1])
    assert data["day"].iloc[0] == pd.Timestamp(2020, 2, 29)
    assert server.submitted["Parameters"] == [{"name": "state_0", "value": "NY"}]


def test_an_empty_answer_has_its_columns() -> None:
    data = warehouse(Server([])).ask({"a": "SELECT 1"}, {})["a"]
    assert (len(data), list(data.columns)) == (0, [column["name"] for column in COLUMNS])
    assert str(data["amount"].dtype) == "float64"


def test_without_parameters_none_are_sent() -> None:
    server = Server([])
    warehouse(server).ask({"a": "SELECT 1"}, {})
    assert "Parameters" not in server.submitted


def test_a_slow_answer_is_waited_for() -> None:
    assert len(warehouse(Server([row("NY", 1, "1.00")], polls=8)).ask({"a": "SELECT 1"}, {})["a"]) == 1


def test_a_question_that_takes_too_long_is_canceled() -> None:
    server = Server([], polls=10**6)
    with pytest.raises(WarehouseUnavailableError, match="too long"):
        warehouse(server).ask({"a": "SELECT 1"}, {}, seconds=5)
    assert server.cancelled


def test_a_refused_question_says_why() -> None:
    with pytest.raises(QueryError, match="does not exist"):
        warehouse(Server([], end="FAILED")).ask({"a": "SELECT 1"}, {})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), WarehouseUnavailableError),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "BatchExecuteStatement"), WarehouseUnavailableError),
        (
            ClientError({"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "B"),
            WarehouseUnavailableError,
        ),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchExecuteStatement"), QueryError),
        (ClientError({"Error": {"Code": "ValidationException"}}, "BatchExecuteStatement"), QueryError),
    ],
)
def test_transient_errors_are_distinguished_from_permanent_ones(error: Exception, kind: type[Exception]) -> None:
    class Failing(Server):
        def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
            raise error

    with pytest.raises(kind):
        warehouse(Failing([])).ask({"a": "SELECT 1"}, {})


def test_more_questions_than_the_api_takes_are_refused() -> None:
    with pytest.raises(ValueError, match="40"):
        warehouse(Server([])).ask({str(n): "SELECT 1" for n in range(41)}, {})
