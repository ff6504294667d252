"""The Data API's wire protocol, through boto3: states, ids, typed results, paging, errors."""

from __future__ import annotations

import http.client
import json
import re
import threading
import uuid
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.redshift.conftest import OWNER, TARGET, Redshift


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=re.escape(f"({code})"))


def test_a_statement_is_submitted_then_finished_with_its_times_and_text(redshift: Redshift) -> None:
    answer = redshift.client.execute_statement(Sql="SELECT 1 AS one", StatementName="first", **TARGET)
    assert uuid.UUID(answer["Id"])
    assert isinstance(answer["CreatedAt"], datetime)
    assert (answer["WorkgroupName"], answer["Database"]) == ("swipeline-test", "swipeline")
    found = redshift.wait(answer["Id"])
    assert found["Status"] == "FINISHED"
    assert found["QueryString"] == "SELECT 1 AS one"
    assert found["HasResultSet"] is True
    assert found["ResultRows"] == 1
    assert found["ResultSize"] > 0
    assert found["Duration"] > 0
    assert found["UpdatedAt"] >= found["CreatedAt"]
    assert "SubStatements" not in found


def test_every_type_comes_back_as_the_documented_field_and_type_name(redshift: Redshift) -> None:
    found = redshift.ok(
        "SELECT CAST(1 AS SMALLINT) a, 2 b, CAST(3 AS BIGINT) c, CAST('4.50' AS DECIMAL(12,2)) d,"
        " CAST(0.5 AS FLOAT8) e, true f, 'text' g, CAST('2020-06-21' AS DATE) h,"
        " CAST('2020-06-21 12:14:25.5' AS TIMESTAMP) i, NULL j"
    )
    result = redshift.client.get_statement_result(Id=found["Id"])
    assert result["TotalNumRows"] == 1
    assert result["Records"] == [
        [
            {"longValue": 1},
            {"longValue": 2},
            {"longValue": 3},
            {"stringValue": "4.50"},
            {"doubleValue": 0.5},
            {"booleanValue": True},
            {"stringValue": "text"},
            {"stringValue": "2020-06-21"},
            {"stringValue": "2020-06-21 12:14:25.5"},
            {"isNull": True},
        ]
    ]
    kinds = {column["name"]: column["typeName"] for column in result["ColumnMetadata"]}
    assert list(kinds.values())[:9] == [
        "int2", "int4", "int8", "numeric", "float8", "bool", "varchar", "date", "timestamp",
    ]  # fmt: skip
    decimal = result["ColumnMetadata"][3]
    assert (decimal["precision"], decimal["scale"], decimal["isSigned"]) == (12, 2, True)


def test_a_large_result_is_read_in_pages_and_complete(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE n (a INT)")
    digits = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)"
    joined = ", ".join(f"{digits} {name}" for name in "abcef")
    redshift.ok(f"INSERT INTO n SELECT a.d + 5*b.d + 25*c.d + 125*e.d + 625*f.d FROM {joined}")
    found = redshift.ok("SELECT a FROM n ORDER BY a")
    first = redshift.client.get_statement_result(Id=found["Id"])
    assert first["TotalNumRows"] == 3125
    assert len(first["Records"]) < 3125
    assert first["NextToken"]
    assert redshift.result(found["Id"]) == [(n,) for n in range(3125)]


def test_a_page_token_of_another_statement_is_refused(redshift: Redshift) -> None:
    found = redshift.ok("SELECT * FROM pg_table_def WHERE false")
    with refused("ValidationException"):
        redshift.client.get_statement_result(Id=found["Id"], NextToken="bm9uc2Vuc2U=")


def test_an_empty_result_set_is_still_a_result_set(redshift: Redshift) -> None:
    found = redshift.ok("SELECT 1 AS one WHERE false")
    assert found["HasResultSet"] is True
    result = redshift.client.get_statement_result(Id=found["Id"])
    assert (result["Records"], result["TotalNumRows"]) == ([], 0)
    assert result["ColumnMetadata"][0]["name"] == "one"


def test_a_statement_without_result_says_so_and_counts_affected_rows(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT)")
    found = redshift.ok("INSERT INTO t VALUES (1), (2), (3)")
    assert (found["HasResultSet"], found["ResultRows"]) == (False, 3)
    with refused("ResourceNotFoundException"):
        redshift.client.get_statement_result(Id=found["Id"])
    assert redshift.ok("UPDATE t SET a = a + 1 WHERE a > 1")["ResultRows"] == 2
    assert redshift.ok("DELETE FROM t WHERE a > 1")["ResultRows"] == 2


def test_a_batch_has_numbered_sub_statements_with_their_own_results(redshift: Redshift) -> None:
    found = redshift.ok(["CREATE TABLE t (a INT)", "INSERT INTO t VALUES (7)", "SELECT a FROM t", "SELECT 'two' AS b"])
    subs = found["SubStatements"]
    assert [sub["Id"] for sub in subs] == [f"{found['Id']}:{n}" for n in (1, 2, 3, 4)]
    assert [sub["HasResultSet"] for sub in subs] == [False, False, True, True]
    assert [sub["Status"] for sub in subs] == ["FINISHED"] * 4
    assert subs[1]["QueryString"] == "INSERT INTO t VALUES (7)"
    assert found["HasResultSet"] is True
    assert redshift.result(subs[2]["Id"]) == [(7,)]
    assert redshift.result(subs[3]["Id"]) == [("two",)]
    assert redshift.client.describe_statement(Id=subs[2]["Id"])["QueryString"] == "SELECT a FROM t"
    with refused("ResourceNotFoundException"):
        redshift.client.get_statement_result(Id=found["Id"])


def test_a_batch_is_one_transaction_and_names_the_statement_that_failed(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT NOT NULL)")
    found = redshift.run(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (NULL)", "INSERT INTO t VALUES (3)"])
    assert found["Status"] == "FAILED"
    assert found["Error"].startswith("Query #2 failed with ERROR: Cannot insert a NULL value into column a")
    assert [sub["Status"] for sub in found["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_auto_commit_keeps_what_went_well(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT NOT NULL)")
    statements = ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (NULL)", "INSERT INTO t VALUES (3)"]
    found = redshift.run(statements, ExecutionMode="AUTO_COMMIT")
    assert [sub["Status"] for sub in found["SubStatements"]] == ["FINISHED", "FAILED", "FINISHED"]
    assert redshift.rows("SELECT a FROM t ORDER BY a") == [(1,), (3,)]


def test_a_client_token_makes_a_repeat_harmless(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT)")
    token = str(uuid.uuid4())
    first, second = (redshift.submit("INSERT INTO t VALUES (1)", ClientToken=token) for _ in range(2))
    assert first == second
    redshift.wait(first)
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(1,)]
    with refused("ValidationException"):
        redshift.submit("INSERT INTO t VALUES (2)", ClientToken=token)


def test_a_client_token_works_when_repeats_arrive_at_once(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT)")
    token, found = str(uuid.uuid4()), []
    threads = [
        threading.Thread(target=lambda: found.append(redshift.submit("INSERT INTO t VALUES (1)", ClientToken=token)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    redshift.wait(found[0])
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(1,)]


def test_parameters_are_values_and_never_sql(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a INT, b VARCHAR(60))")
    nasty = "x'; DROP TABLE t; --"
    redshift.ok(
        "INSERT INTO t VALUES (:a, :b)", Parameters=[{"name": "a", "value": "5"}, {"name": "b", "value": nasty}]
    )
    assert redshift.rows("SELECT b FROM t WHERE a = :a", Parameters=[{"name": "a", "value": "5"}]) == [(nasty,)]
    assert redshift.rows("SELECT ':a', a::VARCHAR FROM t") == [(":a", "5")]


def test_parameters_must_match_the_statement(redshift: Redshift) -> None:
    with pytest.raises(ClientError, match="Cannot find parameter: b"):
        redshift.submit("SELECT :a, :b", Parameters=[{"name": "a", "value": "1"}])
    with pytest.raises(ClientError, match=r"Unused parameters: \[c\]"):
        redshift.submit("SELECT :a", Parameters=[{"name": "a", "value": "1"}, {"name": "c", "value": "1"}])


def test_an_unknown_statement_is_not_found(redshift: Redshift) -> None:
    for call in (
        redshift.client.describe_statement,
        redshift.client.get_statement_result,
        redshift.client.cancel_statement,
    ):
        with refused("ResourceNotFoundException"):
            call(Id=str(uuid.uuid4()))


def test_a_statement_belongs_to_who_submitted_it(redshift: Redshift) -> None:
    found = redshift.ok("SELECT 1")
    other = redshift.client_of("somebody")
    with refused("ResourceNotFoundException"):
        other.describe_statement(Id=found["Id"])
    assert other.list_statements(Status="ALL")["Statements"] == []


def test_a_finished_statement_cannot_be_canceled(redshift: Redshift) -> None:
    found = redshift.ok("SELECT 1")
    with pytest.raises(ClientError, match="already in FINISHED state"):
        redshift.client.cancel_statement(Id=found["Id"])


def test_a_running_statement_is_canceled_and_rolled_back(redshift: Redshift) -> None:
    redshift.ok("CREATE TABLE t (a BIGINT)")
    redshift.ok("CREATE TABLE n (a BIGINT)")
    redshift.ok(f"INSERT INTO n VALUES {', '.join(f'({n})' for n in range(2000))}")
    slow = redshift.submit(
        [
            "INSERT INTO t VALUES (1)",
            "INSERT INTO t SELECT SUM(a.a * b.a + c.a) FROM n a, n b, n c, n d WHERE a.a + d.a < b.a",
        ]
    )
    queued = redshift.submit("INSERT INTO t VALUES (2)")
    assert redshift.client.cancel_statement(Id=queued)["Status"] is True
    assert redshift.wait(queued)["Status"] == "ABORTED"
    assert redshift.client.cancel_statement(Id=slow)["Status"] is True
    assert redshift.wait(slow)["Status"] == "ABORTED"
    assert redshift.rows("SELECT COUNT(*) FROM t") == [(0,)]


def test_statements_are_listed_newest_first_by_status_and_name(redshift: Redshift) -> None:
    name = f"named-{uuid.uuid4()}"
    for number in range(3):
        redshift.ok(f"SELECT {number}", StatementName=name)
    redshift.run("SELECT broken FROM nowhere", StatementName=name)
    listed = redshift.client.list_statements(StatementName=name)["Statements"]
    assert [item["QueryString"] for item in listed] == ["SELECT 2", "SELECT 1", "SELECT 0"]
    assert len(redshift.client.list_statements(StatementName=name, Status="ALL")["Statements"]) == 4
    first = redshift.client.list_statements(StatementName=name, Status="ALL", MaxResults=3)
    rest = redshift.client.list_statements(StatementName=name, Status="ALL", NextToken=first["NextToken"])
    assert [len(first["Statements"]), len(rest["Statements"])] == [3, 1]
    assert "NextToken" not in rest


def test_csv_results_come_from_version_two(redshift: Redshift) -> None:
    found = redshift.ok("SELECT 1 AS a, 'x,y' AS b, NULL AS c", ResultFormat="CSV")
    result = redshift.client.get_statement_result_v2(Id=found["Id"])
    assert result["ResultFormat"] == "CSV"
    assert result["Records"] == [{"CSVRecords": 'a,b,c\r\n1,"x,y",\r\n'}]
    with refused("ValidationException"):
        redshift.client.get_statement_result(Id=found["Id"])


@pytest.mark.parametrize(
    "extra",
    [{"WithEvent": True}, {"DbUser": "me"}],
    ids=lambda extra: next(iter(extra)),
)
def test_what_is_not_supported_is_refused_by_name(redshift: Redshift, extra: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=f"{next(iter(extra))} is not supported"):
        redshift.submit("SELECT 1", **extra)


def test_requests_are_validated_against_the_service_model(redshift: Redshift) -> None:
    with refused("ValidationException"):
        redshift.client.execute_statement(Sql="SELECT 1", WorkgroupName="swipeline-test")
    with refused("ValidationException"):
        redshift.client.execute_statement(Sql="  ", **TARGET)
    with refused("ValidationException"):
        redshift.client.batch_execute_statement(Sqls=["SELECT 1"] * 41, **TARGET)
    with refused("ValidationException"):
        redshift.client.execute_statement(Sql="SELECT 1", WorkgroupName="swipeline-test", Database="../other")


def test_a_request_that_is_not_of_this_service_is_refused_in_its_error_format(redshift: Redshift) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", redshift.server.port)
    authorization = "AWS4-HMAC-SHA256 Credential=root/20200101/us-east-1/redshift-data/aws4_request"
    for target, body, code in (
        ("RedshiftData.Nonsense", b"{}", "UnknownOperationException"),
        ("Kinesis_20131202.ListStreams", b"{}", "UnknownOperationException"),
        ("RedshiftData.ListStatements", b"{not json", "SerializationException"),
        ("RedshiftData.ListStatements", b"[]", "SerializationException"),
        ("RedshiftData.ExecuteStatement", b'{"Sql": 7}', "ValidationException"),
    ):
        connection.request("POST", "/", body, {"X-Amz-Target": target, "Authorization": authorization})
        answer = connection.getresponse()
        assert answer.status == 400
        assert answer.getheader("x-amzn-ErrorType") == code
        assert json.loads(answer.read())["__type"] == code
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_permissions_are_asked_per_action_and_for_connecting(redshift: Redshift) -> None:
    client = redshift.client_of("app")
    redshift.gate.forbidden = {("app", "redshift-data:ExecuteStatement")}
    with pytest.raises(
        ClientError, match="not authorized to perform: redshift-data:ExecuteStatement on resource: arn:aws:redsh"
    ):
        client.execute_statement(Sql="SELECT 1", **TARGET)
    redshift.gate.forbidden = {("app", "redshift-serverless:GetCredentials")}
    with refused("AccessDeniedException"):
        client.execute_statement(Sql="SELECT 1", **TARGET)
    secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:loader-AbCdEf"
    redshift.gate.secrets[secret] = OWNER
    assert client.execute_statement(Sql="SELECT 1", SecretArn=secret, **TARGET)["SecretArn"] == secret
    redshift.gate.forbidden = {("app", "secretsmanager:GetSecretValue")}
    with refused("AccessDeniedException"):
        client.execute_statement(Sql="SELECT 1", SecretArn=secret, **TARGET)


def test_too_many_active_statements_are_refused(redshift: Redshift, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.redshift.operations.MAX_ACTIVE", 0)
    with refused("ActiveStatementsExceededException"):
        redshift.submit("SELECT 1")


def test_schemas_tables_and_columns_are_listed(redshift: Redshift) -> None:
    redshift.ok(
        ["CREATE SCHEMA IF NOT EXISTS core", "CREATE TABLE core.x (a INT NOT NULL, b VARCHAR(20), c DECIMAL(9,6))"]
    )
    redshift.ok("CREATE VIEW public.v AS SELECT 1 AS one")
    assert redshift.client.list_databases(**TARGET)["Databases"] == ["swipeline"]
    assert {"core", "public"} <= set(redshift.client.list_schemas(**TARGET)["Schemas"])
    assert redshift.client.list_schemas(SchemaPattern="co%", **TARGET)["Schemas"] == ["core"]
    tables = redshift.client.list_tables(SchemaPattern="core", **TARGET)["Tables"]
    assert tables == [{"name": "x", "type": "TABLE", "schema": "core"}]
    assert {"name": "v", "type": "VIEW", "schema": "public"} in redshift.client.list_tables(**TARGET)["Tables"]
    columns = redshift.client.describe_table(Schema="core", Table="x", **TARGET)["ColumnList"]
    assert [(c["name"], c["typeName"], c["nullable"], c["precision"], c["scale"]) for c in columns] == [
        ("a", "int4", 0, 0, 0),
        ("b", "varchar", 1, 20, 0),
        ("c", "numeric", 1, 9, 6),
    ]
    with refused("ResourceNotFoundException"):
        redshift.client.describe_table(Schema="core", Table="missing", **TARGET)
