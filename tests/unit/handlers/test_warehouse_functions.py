"""merge-warehouse and migrate-warehouse: the project's own SQL, waited for and counted; a failure is raised."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from functions.migrate_warehouse.loader import LoaderError
from local.redshift.database_users import matches
from shared.warehouse.data_api import StatementFailedError, StatementRunningError, Warehouse
from shared.warehouse.loads import Loads
from shared.warehouse.marts import Marts
from shared.warehouse.merging import Merge
from shared.warehouse.sql import read_statements
from tests.unit.fakes.clock import FakeClock
from tests.unit.fakes.events import Context
from tests.unit.fakes.redshift_data import FakeDataApi, Result, StatementError
from tests.unit.handlers.conftest import Stage
from tests.unit.handlers.output import emitted

Load = Callable[[str], ModuleType]
Output = Callable[[], str]
COUNTS = {"staged": 5, "inserted": 3, "duplicates": 2, "newest_occurred_at": "2020-06-21 12:00:00", "waited_seconds": 7}
COUNTS |= {"replaced": 0, "conflicts": 0, "unresolved": 0}


def merge_module(function: Load, monkeypatch: pytest.MonkeyPatch, api: FakeDataApi) -> ModuleType:
    module, clock = function("merge_warehouse"), FakeClock()
    warehouse = Warehouse(api, "swipeline-test", "swipeline", clock=clock, sleep=clock.sleep)
    built = module.pieces()
    made = built._replace(
        loads=Loads(warehouse, boto3.client("s3"), "delivery"), merge=Merge(warehouse), marts=Marts(warehouse, clock)
    )
    monkeypatch.setattr(module, "pieces", lambda: made)
    return module


WAITING = {"waiting": 5, "unresolved": 0}


def answer_counts(sql: str) -> Result | None:
    if "AS alerts" in sql and sql.startswith("SELECT\n"):
        return [{"transactions": 0, "alerts": 0, "changes": 0}]
    if "AS waiting" in sql:
        return [WAITING]
    return [COUNTS] if sql.startswith("SELECT\n    staged") else None


def of(api: FakeDataApi, name: str) -> list[dict[str, Any]]:
    """The batches of a name."""
    return [batch for batch in api.submitted if batch["StatementName"] == name]


MANIFEST = "manifests/2026/11/30/12/swipeline-test-to-warehouse-1-2026-11-30-12-00-00-0001"
OBJECT = "s3://delivery/transactions/2026/11/30/12/object.gz"


def put_manifest(stage: Stage, key: str = MANIFEST, url: str = OBJECT) -> None:
    body = json.dumps({"entries": [{"url": url, "mandatory": True}]})
    stage.s3.put_object(Bucket="delivery", Key=key, Body=body.encode())


def loading(*loaded: str, counts: Callable[[str], Result | None] = answer_counts) -> FakeDataApi:
    """A warehouse in which these objects were copied."""

    def execute(sql: str) -> Result | None:
        return [{"file_name": url} for url in loaded] if "sys_load_detail" in sql else counts(sql)

    return FakeDataApi(execute)


def queued(stage: Stage, *keys: str, body: str | None = None) -> dict[str, Any]:
    """Put a message for each manifest into the queue and receive them all, as the event source mapping does."""
    sqs, url = boto3.client("sqs"), boto3.client("sqs").get_queue_url(QueueName="merges")["QueueUrl"]
    for key in keys:
        notification = {"Records": [{"s3": {"bucket": {"name": "delivery"}, "object": {"key": quote_plus(key)}}}]}
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(notification))
    if body is not None:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"])
    return {
        "Records": [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
                "eventSource": "aws:sqs",
            }
            for one in found["Messages"]
        ]
    }


def given_back(answer: dict[str, Any], event: dict[str, Any]) -> int:
    ids = {record["messageId"] for record in event["Records"]}
    failures = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    assert failures <= ids
    return len(failures)


def test_several_deliveries_are_merged_in_one_pass_and_counted(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    other = MANIFEST.replace("0001", "0002")
    put_manifest(stage)
    put_manifest(stage, other)
    api, event = loading(OBJECT), queued(stage, MANIFEST, other)
    answer = merge_module(function, monkeypatch, api).handler(event, Context(remaining_ms=63_000))
    assert (len(of(api, "look-at-loads")), len(of(api, "merge-warehouse"))) == (1, 1)
    assert given_back(answer, event) == 0
    assert (answer["received"], answer["written"], answer["duplicates"]) == (5, 3, 2)
    metrics = emitted(output())
    assert (metrics["Written"], metrics["Duplicates"], metrics["MergeLag"]) == ([3], [2], [7])


def test_a_delivery_seen_before_its_copy_is_retried(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_manifest(stage)
    event = queued(stage, MANIFEST)
    module = merge_module(function, monkeypatch, loading())
    assert given_back(module.handler(event, Context(remaining_ms=63_000)), event) == 1
    url = boto3.client("sqs").get_queue_url(QueueName="merges")["QueueUrl"]
    counts = boto3.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
    )
    assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1", "it waits for its turn"


def test_a_delivery_that_was_loaded_and_merged_before_is_done(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_manifest(stage)
    idle = [WAITING | {"waiting": 0}]
    api = loading(OBJECT, counts=lambda sql: idle if "AS waiting" in sql else answer_counts(sql))
    event = queued(stage, MANIFEST, MANIFEST)  # S3 announces at least once
    answer = merge_module(function, monkeypatch, api).handler(event, Context(remaining_ms=63_000))
    assert given_back(answer, event) == 0
    assert not of(api, "merge-warehouse")


@pytest.mark.parametrize("reason", ["gone", "given up", "empty"])
def test_what_will_never_be_loaded_is_waited_for_no_longer(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    if reason == "given up":
        put_manifest(stage)
        put_manifest(stage, f"errors/{MANIFEST}")
    elif reason == "empty":
        stage.s3.put_object(Bucket="delivery", Key=MANIFEST, Body=b'{"entries": []}')
    event = queued(stage, MANIFEST)
    answer = merge_module(function, monkeypatch, loading()).handler(event, Context(remaining_ms=63_000))
    assert given_back(answer, event) == 0


def test_a_batch_load_or_a_replay_announces_itself_without_a_manifest(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, event = loading(), queued(stage, body='{"batch": "run-1"}')
    answer = merge_module(function, monkeypatch, api).handler(event, Context(remaining_ms=63_000))
    assert given_back(answer, event) == 0
    assert (len(of(api, "look-at-loads")), len(of(api, "watch-marts"))) == (0, 1)


def test_the_test_message_of_s3_asks_the_warehouse_nothing(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, event = loading(), queued(stage, body='{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    answer = merge_module(function, monkeypatch, api).handler(event, Context(remaining_ms=63_000))
    assert (answer["batchItemFailures"], api.submitted) == ([], [])


def test_a_delivery_stays_until_the_marts_have_it_too(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_manifest(stage)
    module, event = merge_module(function, monkeypatch, loading(OBJECT)), queued(stage, MANIFEST)
    assert given_back(module.handler(event, Context(remaining_ms=63_000)), event) == 0
    again = queued(stage, MANIFEST)  # within the ten seconds in which the marts are not refreshed again
    assert given_back(module.handler(again, Context(remaining_ms=63_000)), again) == 1


SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}


def test_the_daily_run_asks_the_warehouse_nothing_where_nothing_was_delivered(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = loading()
    merge_module(function, monkeypatch, api).handler(SCHEDULED, Context(remaining_ms=63_000))
    assert api.submitted == []


@pytest.mark.parametrize("days", [0, 1])
def test_the_daily_run_merges_what_a_lost_event_left(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    day = datetime.now(UTC) - timedelta(days=days)
    put_manifest(stage, f"manifests/{day:%Y/%m/%d/%H}/one")
    api = loading()
    answer = merge_module(function, monkeypatch, api).handler(SCHEDULED, Context(remaining_ms=63_000))
    assert (answer["written"], len(of(api, "merge-warehouse"))) == (3, 1)


def test_a_run_by_hand_merges_at_once(stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    api = loading()
    module = merge_module(function, monkeypatch, api)
    for _ in range(2):
        module.handler({}, Context(remaining_ms=63_000))
    assert (len(of(api, "merge-warehouse")), len(of(api, "watch-marts"))) == (2, 2)


def test_the_merge_is_one_transaction(stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeDataApi(answer_counts)
    merge_module(function, monkeypatch, api).handler({}, Context(remaining_ms=63_000))
    (batch,) = of(api, "merge-warehouse")
    assert batch["Sqls"][0].startswith("LOCK")


def test_a_refused_pass_is_raised_and_its_delivery_is_retried_soon(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(sql: str) -> Result | None:
        if sql.startswith("SELECT\n    staged"):
            raise StatementError("ERROR: 1023 serializable isolation violation")
        return answer_counts(sql)

    put_manifest(stage)
    module, event = merge_module(function, monkeypatch, loading(OBJECT, counts=execute)), queued(stage, MANIFEST)
    seen: list[tuple[int, int]] = []
    queue = module.pieces().queue
    monkeypatch.setattr(queue, "see_again", lambda waits: seen.extend((d.receives, s) for d, s in waits))
    with pytest.raises(StatementFailedError, match="serializable isolation"):
        module.handler(event, Context(remaining_ms=63_000))
    assert seen == [(1, 15)]


def slow_at(name: str, output_of: Callable[[str], Result | None] = answer_counts) -> FakeDataApi:
    """A warehouse in which the batches of a name do not end."""

    class Slow(FakeDataApi):
        def describe_statement(self, *, Id: str) -> dict[str, Any]:
            batch = self.submitted[int(Id[-12:]) - 1]
            if batch["StatementName"] == name:
                return {"Id": Id, "Status": "STARTED"}
            return super().describe_statement(Id=Id)

    return Slow(output_of)


def test_a_pass_that_outlasts_the_function_is_no_error(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    api = slow_at("merge-warehouse")
    counts = merge_module(function, monkeypatch, api).handler({}, Context(remaining_ms=63_000))
    assert (counts["written"], len(of(api, "merge-warehouse"))) == (0, 1)
    assert "pass still running" in output()


def test_a_look_that_waits_a_whole_minute_for_an_earlier_pass_is_an_error(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StatementRunningError):
        merge_module(function, monkeypatch, slow_at("look-at-staging")).handler({}, Context(remaining_ms=63_000))


def test_a_refresh_of_the_marts_that_outlasts_the_run_is_no_error(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    api = slow_at("watch-marts")
    merge_module(function, monkeypatch, api).handler({}, Context(remaining_ms=63_000))
    assert "refresh still running" in output()


def test_a_warehouse_that_is_unavailable_is_raised_at_once(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(FakeDataApi):
        def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")

    module = merge_module(function, monkeypatch, Away(answer_counts))
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
    module = merge_module(function, monkeypatch, api)
    with pytest.raises(StatementFailedError, match="disk full"):
        module.handler({}, Context(remaining_ms=63_000))
    assert len(of(api, "merge-warehouse")) == 1
    assert emitted(output())["Written"] == [3]


@pytest.mark.parametrize("missing", [0, 2, -1])
def test_marts_are_refreshed_when_core_has_more_and_rebuilt_when_it_has_less(
    stage: Stage, function: Load, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    def execute(sql: str) -> Result | None:
        if sql == read_statements("marts/waiting.sql")[0]:
            return [{"transactions": 3, "alerts": 0}]
        if sql == read_statements("marts/refresh.sql")[-1]:
            return [{"inserted": 3, "changed_customers": 0, "missing": missing, "alerts": 0}]
        return answer_counts(sql)

    api = FakeDataApi(execute)
    merge_module(function, monkeypatch, api).handler({}, Context(remaining_ms=63_000))
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
    (baseline, *_), marts = of(api, "migrate-warehouse"), of(api, "migrate-marts")
    assert [batch["StatementName"] for batch in api.submitted[:3]] == [
        "migrate-ledger", "read-migrations", "migrate-warehouse",
    ]  # fmt: skip
    assert baseline["Sqls"][0] == "LOCK core.schema_migration"
    assert baseline["Sqls"][-1].startswith("INSERT INTO core.schema_migration")
    assert [sql for batch in marts for sql in batch["Sqls"]].count("CREATE ROLE analyst") == 1 - has_role
    assert answer == {
        "migrations": ["0001_baseline", "0002_one_truth", "0003_purchase_distance"],
        "marts": sum(len(batch["Sqls"]) for batch in marts) - 1,  # the question whether there is a role
        "published": [
            "jsonpaths/transaction-1.json",
            "jsonpaths/transaction-2.json",
            "glue/job.py",
            "glue/swipeline.zip",
        ],
    }
    published = stage.s3.get_object(Bucket="delivery", Key="jsonpaths/transaction-1.json")["Body"].read()
    assert json.loads(published)["jsonpaths"][1] == "$[1]"
    reported = json.loads(stage.s3.get_object(Bucket="delivery", Key="migrations/run-1.json")["Body"].read())
    assert reported["state"] == "done"
    assert reported["result"] == answer
    assert "apply 0001_baseline" in reported["steps"]


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
