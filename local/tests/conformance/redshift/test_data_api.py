"""The Data API's limits, sessions and refusals, as its documentation has them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.redshift.control import Installation
from local.redshift.errors import ApiError
from local.redshift.server import DataApi
from local.redshift.sessions import Sessions
from local.redshift.store import Store
from local.redshift.wire.users import Users
from local.tests.conformance.redshift.conftest import TARGET, KeyGate, MemoryS3, Redshift


def code_of(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("extra", "constraint"),
    [
        ({"WaitTimeSeconds": 31}, "less than or equal to 30"),
        ({"SessionKeepAliveSeconds": 86401}, "less than or equal to 86400"),
        ({"ResultFormat": "XML"}, r"enum value set: \[JSON, CSV\]"),
        ({"StatementName": "x" * 2049}, "length less than or equal to 2048"),
        ({"ClientToken": "x" * 65}, "length less than or equal to 64"),
        ({"WorkgroupName": "No Such"}, "regular expression pattern"),
        ({"SessionId": "nonsense"}, "regular expression pattern"),
    ],
)
def test_a_request_outside_the_models_constraints_is_refused(
    redshift: Redshift, extra: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(ClientError, match=constraint) as refused:
        redshift.client.execute_statement(**({"Sql": "SELECT 1"} | TARGET | extra))
    assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("operation", ["execute_statement", "describe_statement", "get_statement_result"])
def test_a_long_poll_of_no_second_is_below_the_minimum(redshift: Redshift, operation: str) -> None:
    """botocore refuses it before it is sent; so does the server, for a client that does not look."""
    target = redshift.client.meta
    patient = boto3.client(
        "redshift-data",
        endpoint_url=target.endpoint_url,
        region_name=target.region_name,
        aws_access_key_id="root",
        aws_secret_access_key="secret",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    given = {"Sql": "SELECT 1", **TARGET} if operation == "execute_statement" else {"Id": redshift.ok("SELECT 1")["Id"]}
    with pytest.raises(ClientError, match="WaitTimeSeconds, value: 0") as refused:
        getattr(patient, operation)(**given, WaitTimeSeconds=0)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_cluster_is_not_there(redshift: Redshift) -> None:
    code, message = code_of(
        redshift.client.execute_statement, Sql="SELECT 1", ClusterIdentifier="one", Database="swipeline"
    )
    assert (code, message) == ("ValidationException", "Redshift endpoint doesn't exist in this region.")


def test_a_session_keeps_its_temporary_tables_between_statements(redshift: Redshift) -> None:
    client = redshift.client
    first = client.execute_statement(
        Sql="CREATE TEMP TABLE kept AS SELECT 7 AS a", SessionKeepAliveSeconds=60, WaitTimeSeconds=20, **TARGET
    )
    session = first["SessionId"]
    assert first["Status"] == "FINISHED"
    second = client.execute_statement(Sql="SELECT a FROM kept", SessionId=session, WaitTimeSeconds=20)
    assert redshift.result(second["Id"]) == [(7,)]
    assert client.describe_statement(Id=second["Id"])["SessionId"] == session
    assert "does not exist" in redshift.error("SELECT a FROM kept")
    (listed,) = [item for item in client.list_sessions()["Sessions"] if item["SessionId"] == session]
    assert (listed["Status"], listed["SessionAliveSeconds"]) == ("AVAILABLE", 60)


@pytest.mark.parametrize(
    "batch",
    [
        ["DROP TABLE other", "SELECT 1"],
        ["DROP TABLE other", "SELECT nothing"],
        ["DROP TABLE kept", "SELECT nothing"],
        ["DROP TABLE other", "DROP TABLE kept", "SELECT nothing"],
        ["ALTER TABLE kept ADD COLUMN b INT", "SELECT nothing"],
    ],
    ids="; ".join,
)
def test_a_session_keeps_its_temporary_tables_when_others_are_dropped(redshift: Redshift, batch: list[str]) -> None:
    client = redshift.client
    redshift.ok("CREATE TABLE other (a INT)")
    first = client.execute_statement(
        Sql="CREATE TEMP TABLE kept AS SELECT 7 AS a", SessionKeepAliveSeconds=60, WaitTimeSeconds=20, **TARGET
    )
    session = first["SessionId"]
    client.batch_execute_statement(Sqls=batch, SessionId=session, WaitTimeSeconds=20)
    redshift.rows("SELECT COUNT(*) FROM svv_tables")  # another session reads the catalog in between
    found = client.execute_statement(Sql="SELECT * FROM kept", SessionId=session, WaitTimeSeconds=20)
    assert redshift.result(found["Id"]) == [(7,)]


def test_a_session_takes_one_statement_at_a_time_and_no_other_target(redshift: Redshift) -> None:
    client = redshift.client
    session = client.execute_statement(Sql="SELECT 1", SessionKeepAliveSeconds=60, WaitTimeSeconds=20, **TARGET)[
        "SessionId"
    ]
    code, message = code_of(client.execute_statement, Sql="SELECT 1", SessionId=session, **TARGET)
    assert code == "ValidationException"
    assert "SessionId" in message
    slow = "SELECT COUNT(*) FROM (SELECT a.x FROM big AS a CROSS JOIN big AS b CROSS JOIN big AS c)"
    redshift.ok(["CREATE TABLE big (x INTEGER)", "INSERT INTO big VALUES (1)"])
    for _ in range(12):
        redshift.ok("INSERT INTO big SELECT x FROM big")
    running = client.execute_statement(Sql=slow, SessionId=session)
    assert "busy" in code_of(client.execute_statement, Sql="SELECT 1", SessionId=session)[1]
    client.cancel_statement(Id=running["Id"])
    assert redshift.wait(running["Id"])["Status"] == "ABORTED"
    assert client.execute_statement(Sql="SELECT 1", SessionId=session, WaitTimeSeconds=20)["Status"] == "FINISHED"


def test_a_session_of_somebody_else_is_not_there(redshift: Redshift) -> None:
    session = redshift.client.execute_statement(
        Sql="SELECT 1", SessionKeepAliveSeconds=60, WaitTimeSeconds=20, **TARGET
    )["SessionId"]
    other = redshift.client_of("other")
    assert code_of(other.execute_statement, Sql="SELECT 1", SessionId=session)[0] == "ResourceNotFoundException"
    assert other.list_sessions()["Sessions"] == []


def test_a_session_ends_when_it_has_not_been_used_for_as_long_as_it_was_to_be_kept() -> None:
    now = [1000.0]
    sessions = Sessions(lambda: now[0])
    kept = sessions.start("me", {}, 60)
    now[0] += 3600
    assert sessions.get(kept.id) is kept  # its statement runs
    sessions.release(kept.id)
    now[0] += 59
    assert sessions.take(kept.id, "me", None) is kept
    sessions.release(kept.id)
    now[0] += 60
    with pytest.raises(ApiError, match="does not exist or has expired"):
        sessions.take(kept.id, "me", None)
    assert kept.closed


def test_there_are_no_more_than_the_allowed_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.redshift.sessions.MAX_SESSIONS", 2)
    sessions = Sessions()
    first = sessions.start("me", {}, 60)
    sessions.start("me", {}, 60)
    with pytest.raises(ApiError) as refused:
        sessions.start("me", {}, 60)
    assert refused.value.code == "ActiveSessionsExceededException"
    assert first.status == "BUSY"


def test_a_client_token_is_good_for_eight_hours(tmp_path: Path) -> None:
    from local.redshift.store import Part, Statement

    now = [1_000_000.0]
    store = Store(tmp_path / "statements.db", lambda: now[0])
    request = {"Sql": "SELECT 1", "WorkgroupName": "w", "Database": "d"}
    store.add(Statement("a", request, "me", "token", now[0], 1, 1, [Part(0, "SELECT 1")]))
    now[0] += 8 * 3600 - 1
    assert store.by_token("me", "token") is not None
    now[0] += 2
    assert store.by_token("me", "token") is None
    store.add(Statement("b", request, "me", "token", now[0], 1, 1, [Part(0, "SELECT 1")]))
    found = store.by_token("me", "token")
    assert found is not None
    assert found.id == "b"
    store.close()


def test_role_level_shows_the_statements_of_the_role_or_of_the_callers_own_session(redshift: Redshift) -> None:
    redshift.ok("SELECT 1", StatementName="level")
    for level in (True, False):
        listed = redshift.client.list_statements(StatementName="level", RoleLevel=level)["Statements"]
        assert len(listed) == 1


def test_a_result_over_a_megabyte_is_paged_and_complete(redshift: Redshift) -> None:
    redshift.ok(["CREATE TABLE wide (n INTEGER, t VARCHAR(1000))", "INSERT INTO wide VALUES (1, REPEAT('x', 1000))"])
    for _ in range(11):
        redshift.ok("INSERT INTO wide SELECT n + 1, t FROM wide")
    found = redshift.ok("SELECT n, t FROM wide")
    assert found["ResultRows"] == 2048
    assert found["ResultSize"] > 2_000_000
    rows = redshift.result(found["Id"])
    assert len(rows) == 2048
    assert {t for _, t in rows} == {"x" * 1000}


def test_queries_on_the_catalog_take_parameters(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE named (a INTEGER)")
    sql = "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relname = :name"
    assert redshift.rows(sql, Parameters=[{"name": "name", "value": "named"}]) == [("named",)]


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Any]:
    """(the Data API, redshift-serverless) of a server that knows what is installed, and its gate."""
    gate = KeyGate()
    place = Installation("swipeline-local", "swipeline", port=4568)
    server = DataApi(tmp_path, 0, gate, MemoryS3(), users=Users(), installed=place)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()

    def client(service: str, name: str = "root") -> Any:
        return boto3.client(
            service,
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=name,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )

    yield client, gate
    server.shutdown()
    thread.join()
    server.close()


def test_a_workgroup_or_database_that_does_not_exist_is_refused(installed: Any, tmp_path: Path) -> None:
    client, _ = installed
    data = client("redshift-data")
    code, message = code_of(data.execute_statement, Sql="SELECT 1", WorkgroupName="nowhere", Database="swipeline")
    assert (code, message) == ("ValidationException", "Redshift endpoint doesn't exist in this region.")
    started = data.execute_statement(Sql="SELECT 1", WorkgroupName="swipeline-local", Database="nowhere")
    deadline = time.monotonic() + 20
    while (found := data.describe_statement(Id=started["Id"]))["Status"] not in ("FAILED", "FINISHED"):
        assert time.monotonic() < deadline
    assert (found["Status"], found["Error"]) == ("FAILED", 'FATAL: database "nowhere" does not exist')
    code, _ = code_of(data.list_tables, WorkgroupName="swipeline-local", Database="nowhere")
    assert code == "DatabaseConnectionException"
    assert not list(tmp_path.rglob("nowhere*"))


def test_the_workgroup_is_described(installed: Any) -> None:
    client, _ = installed
    serverless = client("redshift-serverless")
    found = serverless.get_workgroup(workgroupName="swipeline-local")["workgroup"]
    assert (found["status"], found["endpoint"]) == ("AVAILABLE", {"address": "127.0.0.1", "port": 4568})
    assert [w["workgroupName"] for w in serverless.list_workgroups()["workgroups"]] == ["swipeline-local"]
    assert serverless.get_namespace(namespaceName="swipeline-local")["namespace"]["dbName"] == "swipeline"
    assert [n["dbName"] for n in serverless.list_namespaces()["namespaces"]] == ["swipeline"]
    assert code_of(serverless.get_workgroup, workgroupName="nowhere")[0] == "ResourceNotFoundException"
    code, message = code_of(serverless.create_workgroup, workgroupName="another", namespaceName="another")
    assert code == "ValidationException"
    assert message.startswith("CreateWorkgroup is not supported")


def test_credentials_are_for_the_callers_own_database_user(installed: Any) -> None:
    client, gate = installed
    given = client("redshift-serverless", "ann").get_credentials(workgroupName="swipeline-local", dbName="swipeline")
    assert given["dbUser"] == "IAMR:ann"
    assert 890 < given["expiration"].timestamp() - time.time() <= 900
    gate.forbidden = {("ann", "redshift-serverless:GetCredentials")}
    call = client("redshift-serverless", "ann").get_credentials
    assert code_of(call, workgroupName="swipeline-local")[0] == "AccessDeniedException"
    call = client("redshift-serverless").get_credentials
    assert code_of(call, workgroupName="swipeline-local", durationSeconds=60)[0] == "ValidationException"
