"""merge-warehouse and migrate-warehouse: the project's own SQL, waited for and counted; a failure is raised."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from functions.migrate_warehouse.loader import LoaderError
from local.redshift.database_users import matches
from shared.warehouse.data_api import StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.sql import read_statements
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.events import Context
from tests.unit.fakes.redshift_data import FakeDataApi, Result, StatementError
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
COUNTS = {"staged": 5, "inserted": 3, "duplicates": 2, "newest_occurred_at": "2020-06-21 12:00:00", "waited_seconds": 7}


def merge_module(function: Load, monkeypatch: pytest.MonkeyPatch, api: FakeDataApi, every: int) -> ModuleType:
    module, clock = function("merge_warehouse"), FakeClock()
    warehouse = Warehouse(api, "swipeline-test", "swipeline", clock=clock, sleep=clock.sleep)
    real = module.passes
    monkeypatch.setattr(module, "warehouse", lambda: (warehouse, every))
    monkeypatch.setattr(module, "passes", lambda *of: real(*of, clock=clock, sleep=clock.sleep))
    return module


WAITING = {"waiting": 5}


def answer_counts(sql: str) -> Result | None:
    if "AS alerts" in sql and sql.startswith("SELECT\n"):
        return [{"transactions": 0, "alerts": 0}]
    if sql.endswith("AS waiting"):
        return [WAITING]
    return [COUNTS] if sql.startswith("SELECT staged") else None


def of(api: FakeDataApi, name: str) -> list[dict[str, Any]]:
    """The batches of a name."""
    return [batch for batch in api.submitted if batch["StatementName"] == name]


def test_a_run_merges_at_its_pace_and_counts_all_passes(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    api = FakeDataApi(answer_counts)
    module = merge_module(function, monkeypatch, api, every=20)
    counts = module.handler({}, Context(remaining_ms=63_000))
    assert len(of(api, "merge-warehouse")) == 3
    assert (counts["received"], counts["written"], counts["duplicates"]) == (15, 9, 6)
    metrics = emitted(output())
    assert (metrics["Written"], metrics["Duplicates"], metrics["MergeLag"]) == ([9], [6], [7, 7, 7])


@pytest.mark.parametrize(("seconds", "passes"), [(0, 1), (35, 2), (1000, 3)])
def test_a_run_by_hand_merges_for_the_seconds_it_is_given_and_no_longer_than_the_schedule_allows(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, seconds: int, passes: int
) -> None:
    api = FakeDataApi(answer_counts)
    module = merge_module(function, monkeypatch, api, every=20)
    module.handler({"seconds": seconds}, Context(remaining_ms=63_000))
    assert len(of(api, "merge-warehouse")) == passes


def test_while_nothing_is_staged_a_run_looks_and_does_not_merge(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    waiting = iter([0, 0, 5, 0])
    api = FakeDataApi(lambda sql: [{"waiting": next(waiting)}] if sql.endswith("AS waiting") else answer_counts(sql))
    counts = merge_module(function, monkeypatch, api, every=15).handler({}, Context(remaining_ms=63_000))
    assert len(of(api, "merge-warehouse")) == 1
    assert (counts["received"], counts["written"]) == (5, 3)
    assert emitted(output())["MergeLag"] == [0, 0, 7, 0]


def test_the_merge_is_one_transaction(stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeDataApi(answer_counts)
    merge_module(function, monkeypatch, api, every=60).handler({}, Context(remaining_ms=63_000))
    (batch,) = of(api, "merge-warehouse")
    assert batch["Sqls"][0].startswith("LOCK")


@pytest.mark.parametrize(("refused", "raised", "written"), [({2}, False, 6), ({3}, True, 6), ({1, 2, 3}, True, 0)])
def test_a_refused_pass_is_tried_again_by_the_next_and_the_last_ones_refusal_is_raised(
    stage: Stage,
    function: Load,
    monkeypatch: pytest.MonkeyPatch,
    output: Output,
    refused: set[int],
    raised: bool,
    written: int,
) -> None:
    passes = itertools.count(1)

    def execute(sql: str) -> Result | None:
        if sql.startswith("SELECT staged") and next(passes) in refused:
            raise StatementError("ERROR: 1023 serializable isolation violation")
        return answer_counts(sql)

    api = FakeDataApi(execute)
    module = merge_module(function, monkeypatch, api, every=20)
    with pytest.raises(StatementFailedError, match="serializable isolation") if raised else nullcontext():
        module.handler({}, Context(remaining_ms=63_000))
    assert len(of(api, "merge-warehouse")) == 3
    assert emitted(output())["Written"] == [written]


def slow_at(name: str, output_of: Callable[[str], Result | None] = answer_counts) -> FakeDataApi:
    """A warehouse in which the batches of a name do not end."""

    class Slow(FakeDataApi):
        def describe_statement(self, *, Id: str) -> dict[str, Any]:
            batch = self.submitted[int(Id[-12:]) - 1]
            if batch["StatementName"] == name:
                return {"Id": Id, "Status": "STARTED"}
            return super().describe_statement(Id=Id)

    return Slow(output_of)


def test_a_pass_that_outlasts_its_minute_ends_the_run_and_is_no_error(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    api = slow_at("merge-warehouse")
    counts = merge_module(function, monkeypatch, api, every=20).handler({}, Context(remaining_ms=63_000))
    assert (counts["written"], len(of(api, "merge-warehouse"))) == (0, 1)
    assert "pass runs on" in output()


def test_a_look_that_waits_a_whole_minute_for_an_earlier_pass_is_an_error(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StatementRunningError):
        merge_module(function, monkeypatch, slow_at("look-at-staging"), every=20).handler(
            {}, Context(remaining_ms=63_000)
        )


def test_a_refresh_of_the_marts_that_outlasts_the_run_is_no_error(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    api = slow_at("watch-marts")
    merge_module(function, monkeypatch, api, every=20).handler({}, Context(remaining_ms=63_000))
    assert "refresh runs on" in output()


def test_a_warehouse_that_is_away_is_raised_at_once(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(FakeDataApi):
        def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")

    module = merge_module(function, monkeypatch, Away(answer_counts), every=20)
    with pytest.raises(EndpointConnectionError):
        module.handler({}, Context(remaining_ms=63_000))


def test_marts_that_cannot_be_refreshed_keep_no_merge_back_and_are_raised_at_the_end(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    def execute(sql: str) -> Result | None:
        if "FROM refresh.watermark" in sql:
            raise StatementError("ERROR: disk full")
        return answer_counts(sql)

    api = FakeDataApi(execute)
    module = merge_module(function, monkeypatch, api, every=20)
    with pytest.raises(StatementFailedError, match="disk full"):
        module.handler({}, Context(remaining_ms=63_000))
    assert len(of(api, "merge-warehouse")) == 3
    assert emitted(output())["Written"] == [9]


@pytest.mark.parametrize("missing", [0, 2, -1])
def test_marts_are_refreshed_when_core_has_more_and_made_anew_when_it_has_less(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    def execute(sql: str) -> Result | None:
        if sql == read_statements("marts/waiting.sql")[0]:
            return [{"transactions": 3, "alerts": 0}]
        if sql == read_statements("marts/refresh.sql")[-1]:
            return [{"inserted": 3, "changed_customers": 0, "missing": missing, "alerts": 0}]
        return answer_counts(sql)

    api = FakeDataApi(execute)
    merge_module(function, monkeypatch, api, every=60).handler({}, Context(remaining_ms=63_000))
    assert [batch["Sqls"][0] for batch in of(api, "refresh-marts")] == ["LOCK refresh.watermark"]
    assert len(of(api, "rebuild-marts")) == (missing < 0)


@pytest.mark.parametrize("has_role", [0, 1])
def test_migrating_runs_the_ddl_installs_the_marts_and_publishes_what_copy_reads(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, has_role: int
) -> None:
    roles = [{"roles": has_role}]
    api = FakeDataApi(lambda sql: roles if "svv_roles" in sql else None)
    module, clock = function("migrate_warehouse"), FakeClock()
    _, delivery, login = module.stores()
    warehouse = Warehouse(api, "swipeline-test", "swipeline", clock=clock, sleep=clock.sleep)
    monkeypatch.setattr(module, "stores", lambda: (warehouse, delivery, login))
    answer = module.handler({"run": "run-1"}, Context(remaining_ms=300_000))
    (baseline,), marts = of(api, "migrate-warehouse"), of(api, "migrate-marts")
    assert [batch["StatementName"] for batch in api.submitted[:3]] == [
        "migrate-ledger", "read-migrations", "migrate-warehouse",
    ]  # fmt: skip
    assert baseline["Sqls"][0] == "LOCK core.schema_migration"
    assert baseline["Sqls"][-1].startswith("INSERT INTO core.schema_migration")
    assert [sql for batch in marts for sql in batch["Sqls"]].count("CREATE ROLE analyst") == 1 - has_role
    assert answer == {
        "migrations": ["0001_baseline"],
        "marts": sum(len(batch["Sqls"]) for batch in marts) - 1,  # the question whether there is a role
        "published": ["jsonpaths/transaction-1.json", "glue/job.py", "glue/swipeline.zip"],
    }
    published = stage.s3.get_object(Bucket="delivery", Key="jsonpaths/transaction-1.json")["Body"].read()
    assert json.loads(published)["jsonpaths"][1] == "$[1]"
    told = json.loads(stage.s3.get_object(Bucket="delivery", Key="migrations/run-1.json")["Body"].read())
    assert told["state"] == "done"
    assert told["result"] == answer
    assert "apply 0001_baseline" in told["steps"]


def migrated(function: Load, monkeypatch: pytest.MonkeyPatch, users: Result) -> FakeDataApi:
    """Run migrate-warehouse in a warehouse that has these users."""
    api = FakeDataApi(lambda sql: [{"roles": 1}] if "svv_roles" in sql else users if "pg_user" in sql else None)
    module, clock = function("migrate_warehouse"), FakeClock()
    _, delivery, login = module.stores()
    warehouse = Warehouse(api, "swipeline-test", "swipeline", clock=clock, sleep=clock.sleep)
    monkeypatch.setattr(module, "stores", lambda: (warehouse, delivery, login))
    module.handler({}, Context(remaining_ms=300_000))
    return api


@pytest.mark.parametrize(("users", "verb"), [([], "CREATE"), ([{"usesuper": False}], "ALTER")])
def test_migrating_gives_the_loader_its_password_and_the_right_to_copy_into_staging_alone(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output, users: Result, verb: str
) -> None:
    api = migrated(function, monkeypatch, users)
    user, *grants = of(api, "migrate-loader")[-1]["Sqls"]
    head, written, _ = user.split("'")
    assert head == f"{verb} USER swipeline_firehose PASSWORD "
    assert matches("swipeline_firehose", written, "Abcdefg1")
    assert grants == [
        "GRANT USAGE ON SCHEMA staging TO swipeline_firehose",
        "GRANT INSERT ON TABLE staging.transaction TO swipeline_firehose",
        "GRANT INSERT ON TABLE staging.alert_event TO swipeline_firehose",
    ]
    assert "Abcdefg1" not in json.dumps(api.submitted) + output()


def test_a_loader_that_is_a_superuser_is_refused(stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoaderError, match="swipeline_firehose is a superuser"):
        migrated(function, monkeypatch, [{"usesuper": True}])


@pytest.mark.parametrize("text", ["no json", "[]", '{"username": "a"}', '{"username": "a\'b", "password": "Abcdefg1"}'])
def test_a_secret_that_holds_no_login_is_refused_without_its_text(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    stage.secrets.put_secret_value(SecretId="swipeline-test/warehouse-loader", SecretString=text)
    with pytest.raises(LoaderError) as refused:
        migrated(function, monkeypatch, [])
    assert "Abcdefg1" not in str(refused.value)


def test_a_ddl_that_is_refused_is_raised(stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> Result | None:
        raise StatementError("ERROR: permission denied for database swipeline")

    module, clock = function("migrate_warehouse"), FakeClock()
    _, delivery, login = module.stores()
    warehouse = Warehouse(FakeDataApi(refuse), "swipeline-test", "swipeline", clock=clock, sleep=clock.sleep)
    monkeypatch.setattr(module, "stores", lambda: (warehouse, delivery, login))
    with pytest.raises(StatementFailedError, match="permission denied"):
        module.handler({}, Context(remaining_ms=300_000))
