"""SQL files are split and filled in safely, run as one transaction, with a time limit; failures are reported."""

from __future__ import annotations

from typing import Any

import pytest

from shared.warehouse.data_api import StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.sql import fill_in, read_statements, split_statements
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.redshift_data import FakeDataApi, Result, StatementError


def warehouse(api: FakeDataApi, clock: FakeClock | None = None, secret_arn: str = "") -> Warehouse:
    clock = clock or FakeClock()
    return Warehouse(api, "swipeline-test", "swipeline", secret_arn, clock=clock, sleep=clock.sleep)


def execute(sql: str) -> Result | None:
    if sql == "BROKEN":
        raise StatementError("ERROR: relation does not exist")
    if sql == "SELECT 5 ROWS":
        return [{"n": n, "name": f"row {n}", "ratio": n / 2, "flag": True, "nothing": None} for n in range(5)]
    return [{"n": 1}] if sql.startswith("SELECT") else None


def test_statements_are_split_at_semicolons_that_end_a_line() -> None:
    text = (
        "-- A comment; with one;\nCREATE TABLE a (b VARCHAR DEFAULT ';x');\n\n  -- more;\nSELECT 1\n  FROM a; \r\n;\n"
    )
    assert split_statements(text) == ["CREATE TABLE a (b VARCHAR DEFAULT ';x')", "SELECT 1\n  FROM a"]


def test_a_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end in a semicolon"):
        split_statements("SELECT 1;\nDELETE FROM core.transaction\n")


def test_names_are_filled_in() -> None:
    role = "arn:aws:iam::123456789012:role/swipeline-dev-copy"
    assert fill_in("COPY ... '${role}'", {"role": role}) == f"COPY ... '{role}'"


@pytest.mark.parametrize("value", ["x'; DROP TABLE y; --", "a b", "", "a\nb", 'a"b', "a--b", "a;b"])
def test_a_value_that_could_be_more_than_a_name_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        fill_in("${name}", {"name": value})


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill_in("${name}", {})


@pytest.mark.parametrize("name", ["migrations/0001_baseline.sql", "merge.sql"])
def test_the_files_of_the_project_are_within_the_limits_of_the_data_api(name: str) -> None:
    statements = read_statements(name)
    assert 0 < len(statements) <= 40
    assert not any(statement.endswith(";") for statement in statements)


def test_a_run_is_one_transaction_under_a_name_and_gives_the_last_result() -> None:
    api = FakeDataApi(execute)
    rows = warehouse(api).run("merge", ["LOCK t", "SELECT 5 ROWS", "DELETE FROM t"], 60)
    assert api.submitted == [
        {
            "WorkgroupName": "swipeline-test",
            "Database": "swipeline",
            "Sqls": ["LOCK t", "SELECT 5 ROWS", "DELETE FROM t"],
            "StatementName": "merge",
        }
    ]
    assert len(rows) == 5  # in three pages
    assert rows[3] == {"n": 3, "name": "row 3", "ratio": 1.5, "flag": True, "nothing": None}


def test_without_a_result_there_are_no_rows() -> None:
    assert warehouse(FakeDataApi(execute)).run("ddl", ["CREATE"], 60) == []


def test_with_a_secret_the_data_api_logs_in_as_its_user() -> None:
    api = FakeDataApi(execute)
    warehouse(api, secret_arn="arn:secret").run("ddl", ["CREATE"], 60)
    assert api.submitted[0]["SecretArn"] == "arn:secret"


def test_a_refused_statement_is_raised_in_the_warehouses_words() -> None:
    with pytest.raises(StatementFailedError, match="relation does not exist"):
        warehouse(FakeDataApi(execute)).run("merge", ["LOCK t", "BROKEN", "SELECT"], 60)


def test_waiting_ends_and_the_polls_grow_apart() -> None:
    api, clock = FakeDataApi(execute, slow=True), FakeClock()
    with pytest.raises(StatementRunningError, match="still STARTED"):
        warehouse(api, clock).run("merge", ["LOCK t"], 60)
    assert sum(clock.sleeps) == pytest.approx(60)
    assert clock.sleeps[0] == 0.05
    assert max(clock.sleeps) == 2.0
    assert api.descriptions < 50


@pytest.mark.parametrize("statements", [[], ["SELECT"] * 41])
def test_more_than_one_batch_is_refused_before_anything_runs(statements: list[str]) -> None:
    api = FakeDataApi(execute)
    with pytest.raises(ValueError, match="1 to 40"):
        warehouse(api).run("ddl", statements, 60)
    assert api.submitted == []


def test_an_aborted_statement_without_words_is_still_a_failure() -> None:
    class Aborting(FakeDataApi):
        def describe_statement(self, *, Id: str) -> dict[str, Any]:
            return {"Id": Id, "Status": "ABORTED"}

    with pytest.raises(StatementFailedError, match="ABORTED: no reason given"):
        warehouse(Aborting(execute)).run("merge", ["LOCK t"], 60)
