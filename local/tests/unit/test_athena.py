"""The embedded Athena: Trino's answers over the catalog's tables, and a refusal by name where it has none."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from local.athena.engine import Run
from local.athena.errors import QueryError, ScanLimitError
from local.athena.kinds import Kind
from local.athena.operations import Queries, RequestError
from local.athena.results import from_csv, to_csv, written

BUCKET, DATABASE = "lake", "swipeline_local"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
COLUMNS = {
    **{"amount": "decimal(12,2)", "state": "string", "n": "bigint", "occurred_at": "timestamp", "d": "date"},
    **{"x": "double", "is_fraud": "boolean", "later": "string"},
}
SCHEMA = pa.schema(
    [
        *(("amount", pa.decimal128(12, 2)), ("state", pa.string()), ("n", pa.int64())),
        *(("occurred_at", pa.timestamp("us", tz="UTC")), ("d", pa.date32()), ("x", pa.float64())),
        ("is_fraud", pa.bool_()),
    ]
)
RUNS: dict[str, list[tuple[Any, ...]]] = {
    "a": [
        (Decimal("1.25"), "NY", 7, datetime(2020, 1, 31, 23, 59, 59, 500_000, UTC), date(2020, 1, 31), 2.5, True),
        (Decimal("-10.05"), "CA", -7, datetime(2020, 3, 1, tzinfo=UTC), date(2020, 3, 1), -0.5, None),
    ],
    "b": [(Decimal("0.05"), None, 2, datetime(9999, 12, 31, tzinfo=UTC), date(9999, 12, 31), 1e10, False)],
}


class FakeGlue:
    """GetTable and GetPartitions, a partition a page; moto's needs a package that nothing else here does."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], dict[str, Any]] = {}
        self.partitions: list[dict[str, Any]] = []

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:
        if (DatabaseName, Name) not in self.tables:
            raise ClientError({"Error": {"Code": "EntityNotFoundException", "Message": "not found"}}, "GetTable")
        return {"Table": self.tables[DatabaseName, Name]}

    def get_paginator(self, operation: str) -> FakeGlue:
        assert operation == "get_partitions"
        return self

    def paginate(self, DatabaseName: str, TableName: str) -> Iterator[dict[str, Any]]:
        assert (DatabaseName, TableName) == (DATABASE, "batch")
        yield from ({"Partitions": [partition]} for partition in self.partitions)


@pytest.fixture
def aws() -> Iterator[dict[str, Any]]:
    """S3 with two partitions of Parquet and a CSV, and the Glue catalog of them."""
    with mock_aws():
        session = boto3.Session("id", "secret", region_name="us-east-1")
        s3, glue = session.client("s3"), FakeGlue()
        s3.create_bucket(Bucket=BUCKET)
        _table(glue, "batch", COLUMNS, PARQUET, {"run": "string"})
        for run, rows in RUNS.items():
            data = io.BytesIO()
            pq.write_table(
                pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA), data
            )
            s3.put_object(Bucket=BUCKET, Key=f"batch/run={run}/part.parquet", Body=data.getvalue())
            s3.put_object(Bucket=BUCKET, Key=f"batch/run={run}/_SUCCESS", Body=b"no data")
            place = {"Location": f"s3://{BUCKET}/batch/run={run}/"}
            glue.partitions.append({"Values": [run], "StorageDescriptor": place})
        text = {"field.delim": ","}, {"skip.header.line.count": "1"}
        _table(glue, "raw", {"trans_num": "string", "amt": "double", "n": "bigint"}, LAZY, {}, *text)
        s3.put_object(Bucket=BUCKET, Key="raw/one.csv", Body=b'trans_num,amt,n\na,1.5,2\n"b",much,\\N\n')
        _table(glue, "strange", {"a": "array<string>", "b": "string"}, PARQUET, {})
        _table(glue, "orc", {"a": "string"}, "org.apache.hadoop.hive.ql.io.orc.OrcSerde", {})
        yield {"s3": s3, "glue": glue}


def _table(
    glue: FakeGlue, name: str, columns: dict[str, str], library: str, keys: dict[str, str],
    serde: dict[str, str] | None = None, parameters: dict[str, str] | None = None,
) -> None:  # fmt: skip
    glue.tables[DATABASE, name] = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters or {},
        "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in keys.items()],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": kind} for column, kind in columns.items()],
            "Location": f"s3://{BUCKET}/{name}/",
            "SerdeInfo": {"SerializationLibrary": library, "Parameters": serde or {}},
        },
    }


def ask(aws: dict[str, Any], sql: str, limit: int | None = None) -> list[tuple[str | None, ...]]:
    """Rows as Athena's texts."""
    columns, rows = Run(aws["glue"], aws["s3"], limit).rows(sql, DATABASE)
    return [tuple(written(value, kind) for value, (_, kind) in zip(row, columns, strict=True)) for row in rows]


# What Trino answers: https://trino.io/docs/current/functions.html
ANSWERS: dict[str, list[tuple[str | None, ...]]] = {
    "SELECT count(*), count(state), sum(amount), avg(amount), sum(n) FROM batch": [("3", "2", "-8.75", "-2.92", "2")],
    "SELECT 7/2, -7/2, -7 % 3, 7/2.0, 7.00/3, 2/3.0": [("3", "-3", "-1", "3.5", "2.33", "0.7")],
    "SELECT sum(amount)/count(*) FROM batch": [("-2.92",)],
    "SELECT 1e0/0, CAST(0 AS double)/0": [("Infinity", "NaN")],
    "SELECT avg(n), sum(x), max(x) FROM batch WHERE run = 'b'": [("2.0", "1.0E10", "1.0E10")],
    "SELECT state, count(*) FROM batch GROUP BY state ORDER BY state": [("CA", "1"), ("NY", "1"), (None, "1")],
    "SELECT state, count(*) FROM batch GROUP BY 1 ORDER BY 1 DESC": [("NY", "1"), ("CA", "1"), (None, "1")],
    "SELECT occurred_at, d FROM batch WHERE n = 7": [("2020-01-31 23:59:59.500", "2020-01-31")],
    "SELECT date_trunc('month', d), date_trunc('hour', occurred_at) FROM batch WHERE n = 7": [
        ("2020-01-01", "2020-01-31 23:00:00.000")
    ],
    "SELECT date_diff('day', date '2020-01-31', date '2020-02-02'), "
    "date_diff('month', date '2020-01-31', date '2020-02-28'), date_diff('month', date '2020-01-15', date '2020-03-14')": [
        ("2", "0", "1")
    ],
    "SELECT date_add('month', 1, d), d + interval '1' day FROM batch WHERE n = 7": [("2020-02-29", "2020-02-01")],
    "SELECT day_of_week(d), week(d), extract(year FROM d) FROM batch WHERE n = 7": [("5", "5", "2020")],
    "SELECT date_format(occurred_at, '%Y-%m-%d %H:%i:%s') FROM batch WHERE n = 7": [("2020-01-31 23:59:59",)],
    "SELECT CAST(occurred_at AS varchar), CAST(2.5e0 AS bigint) FROM batch WHERE n = 7": [
        ("2020-01-31 23:59:59.500", "3")
    ],
    "SELECT round(amount, 1), round(2.5e0), floor(amount), abs(amount) FROM batch WHERE n = -7": [
        ("-10.10", "3.0", "-11", "10.05")
    ],
    "SELECT concat('a', state) FROM batch WHERE n = 2": [(None,)],
    "SELECT trim('  x '), upper('a'), substr('hello', 2, 3), strpos('hello', 'l'), length('é')": [
        ("x", "A", "ell", "3", "1")
    ],
    "SELECT later, is_fraud FROM batch WHERE n = -7": [(None, None)],  # a column that no file has yet
    "SELECT count_if(is_fraud), count(DISTINCT state), approx_distinct(state) FROM batch": [("1", "2", "2")],
    "SELECT sum(amount) FILTER (WHERE n > 0), bool_or(is_fraud), bool_and(is_fraud) FROM batch": [
        ("1.30", "true", "false")
    ],
    "SELECT row_number() OVER (ORDER BY n), lag(n) OVER (ORDER BY n), avg(amount) OVER () FROM batch ORDER BY 1 LIMIT 1": [
        ("1", None, "-2.92")
    ],
    "WITH a (s, t) AS (SELECT state, sum(amount) FROM batch GROUP BY state) SELECT s, t/2 FROM a WHERE t > 0 ORDER BY t": [
        (None, "0.03"), ("NY", "0.63")
    ],
    "SELECT state FROM batch INTERSECT SELECT 'NY'": [("NY",)],
    "SELECT 'x' UNION ALL SELECT state FROM batch WHERE run = 'b'": [("x",), (None,)],
    "SELECT b.n FROM batch a LEFT JOIN batch b ON a.n = b.n AND b.run = 'b' WHERE a.run = 'a' ORDER BY 1": [
        (None,), (None,)
    ],
    "SELECT state, (SELECT max(c.n) FROM batch c WHERE c.state = b.state) FROM batch b WHERE state = 'NY'": [("NY", "7")],
    "SELECT state FROM batch WHERE n > 0 GROUP BY state HAVING sum(amount) > 1": [("NY",)],
    "SELECT trans_num, amt, n FROM raw ORDER BY n": [("a", "1.5", "2"), ('"b"', None, None)],
    "SELECT run, count(*) FROM awsdatacatalog.swipeline_local.batch GROUP BY run ORDER BY run": [("a", "2"), ("b", "1")],
    "SELECT count(*) FROM batch OFFSET 1 LIMIT 5": [],
}  # fmt: skip


@pytest.mark.parametrize("sql", ANSWERS)
def test_a_query_has_trinos_answer(aws: dict[str, Any], sql: str) -> None:
    assert ask(aws, sql) == ANSWERS[sql]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT nope(state) FROM batch", "Function nope is not supported"),
        ("SELECT nvl(state, 'x') FROM batch", "Function nvl is not supported"),  # another dialect's
        ("SELECT getdate()", "Function getdate is not supported"),
        ("SELECT * FROM read_csv('/etc/passwd')", "A function in the place of a table"),
        ("SELECT * FROM '/etc/passwd'", "TABLE_NOT_FOUND"),
        ("SELECT * FROM batch TABLESAMPLE BERNOULLI (10)", "SAMPLE is not supported"),
        ("SELECT n FROM batch QUALIFY row_number() OVER (ORDER BY n) = 1", ""),
        ("CREATE TABLE x AS SELECT 1", "runs SELECT, not CREATE"),
        ("INSERT INTO batch VALUES (1)", "runs SELECT, not INSERT"),
        ("DROP TABLE batch", "runs SELECT, not DROP"),
        ("SHOW TABLES", "runs SELECT, not SHOW"),
        ("UNLOAD (SELECT 1) TO 's3://lake/x' WITH (format = 'PARQUET')", ""),
        ("SELECT 1; SELECT 2", "Only one SQL statement"),
        ("SELEC 1", "SYNTAX_ERROR"),
        ("SELECT a FROM strange", "Type array<string> is not supported"),
        ("SELECT a FROM orc", "SerDe org.apache.hadoop.hive.ql.io.orc.OrcSerde"),
        ("SELECT 1 FROM nowhere", "TABLE_NOT_FOUND"),
        ("SELECT 1 FROM other.batch", "TABLE_NOT_FOUND"),
        ("SELECT nope FROM batch", "COLUMN_NOT_FOUND"),
        ("SELECT state AS s FROM batch WHERE s = 'NY'", "COLUMN_NOT_FOUND"),
        ("SELECT state AS s, count(*) FROM batch GROUP BY s", "COLUMN_NOT_FOUND"),
        ("SELECT count(*) AS c FROM batch GROUP BY state HAVING c > 1", "COLUMN_NOT_FOUND"),
        ("SELECT 1 FROM batch WHERE state = 3", "TYPE_MISMATCH: Cannot apply operator: varchar = integer"),
        ("SELECT 1 FROM batch WHERE d = '2020-01-31'", "TYPE_MISMATCH: Cannot apply operator: date = varchar"),
        ("SELECT 1 FROM batch WHERE state IN (1, 2)", "TYPE_MISMATCH"),
        ("SELECT state || n FROM batch", "TYPE_MISMATCH"),
        ("SELECT sum(state) FROM batch", "TYPE_MISMATCH"),
        ("SELECT 1 FROM batch WHERE n", "TYPE_MISMATCH"),
        ("SELECT 1 UNION SELECT 'x'", "TYPE_MISMATCH"),
        ("SELECT coalesce(state, n) FROM batch", "TYPE_MISMATCH"),
        ("SELECT n / 0 FROM batch", "DIVISION_BY_ZERO"),
        ("SELECT amount / 0 FROM batch", "DIVISION_BY_ZERO"),
        ("SELECT CAST(state AS bigint) FROM batch", "INVALID_CAST_ARGUMENT"),
    ],
)
def test_what_it_cannot_answer_as_athena_would_is_refused_by_name(aws: dict[str, Any], sql: str, said: str) -> None:
    with pytest.raises(QueryError) as error:
        ask(aws, sql)
    assert said in str(error.value)


def scanned(aws: dict[str, Any], sql: str) -> int:
    run = Run(aws["glue"], aws["s3"], None)
    run.rows(sql, DATABASE)
    return run.scanned


def test_a_condition_on_a_partition_key_and_a_choice_of_columns_read_less(aws: dict[str, Any]) -> None:
    whole = scanned(aws, "SELECT * FROM batch")
    one = scanned(aws, "SELECT * FROM batch WHERE run = 'a'")
    assert 0 < scanned(aws, "SELECT state FROM batch WHERE run IN ('a')") < one < whole
    assert scanned(aws, "SELECT count(*) FROM batch") == 0
    assert scanned(aws, "SELECT count(*) FROM batch WHERE run > 'z'") == 0
    # Twice in one query: what either mention needs is read.
    assert scanned(aws, "SELECT a.n, b.n FROM batch a, batch b WHERE a.run = 'a'") == scanned(
        aws, "SELECT n FROM batch"
    )


def test_a_query_over_the_limit_ends_before_it_reads_more(aws: dict[str, Any]) -> None:
    needed = scanned(aws, "SELECT * FROM batch")
    assert ask(aws, "SELECT * FROM batch", needed)
    with pytest.raises(ScanLimitError):
        ask(aws, "SELECT * FROM batch", needed - 1)


def test_a_result_is_read_from_s3_as_it_was_written() -> None:
    columns = [("a", Kind("varchar")), ('b"', Kind("double"))]
    rows = [('x,\n"y"', 1.5), (None, None), ("", 0.0001), ("=1+1", 12345678.0)]
    data = to_csv(columns, rows)
    assert data.startswith(b'"a","b"""\n')
    assert from_csv(data) == [
        ["a", 'b"'], ["x,\n\"y\"", "1.5"], [None, None], ["", "1.0E-4"], ["=1+1", "1.2345678E7"]
    ]  # fmt: skip


@pytest.fixture
def queries(aws: dict[str, Any]) -> Queries:
    """With a workgroup that has a limit and a place for results."""
    ids = iter(f"00000000-0000-0000-0000-{number:012}" for number in range(100))
    settings = {
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": 400,
        "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/query-results/"},
    }
    groups = {"lake": {"State": "ENABLED", "Configuration": settings}, "off": {"State": "DISABLED"}}
    return Queries({}, groups, lambda: next(ids))


def start(queries: Queries, aws: dict[str, Any], sql: str, group: str = "lake", **more: Any) -> str:
    body = {"QueryString": sql, "WorkGroup": group, "QueryExecutionContext": {"Database": DATABASE}} | more
    return str(queries.call("StartQueryExecution", body, aws.__getitem__)["QueryExecutionId"])


def ended(queries: Queries, aws: dict[str, Any], query_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        found = queries.call("GetQueryExecution", {"QueryExecutionId": query_id}, aws.__getitem__)["QueryExecution"]
        if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return dict(found)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_result_comes_in_pages_whose_first_has_the_header(queries: Queries, aws: dict[str, Any]) -> None:
    query_id = start(queries, aws, "SELECT n FROM batch ORDER BY n")
    found = ended(queries, aws, query_id)
    assert found["Status"]["State"] == "SUCCEEDED"
    place = found["ResultConfiguration"]["OutputLocation"]
    assert place == f"s3://{BUCKET}/query-results/{query_id}.csv"
    stored = aws["s3"].get_object(Bucket=BUCKET, Key=f"query-results/{query_id}.csv")["Body"].read()
    assert stored == b'"n"\n"-7"\n"2"\n"7"\n'
    ask_page = {"QueryExecutionId": query_id, "MaxResults": 3}
    first = queries.call("GetQueryResults", ask_page, aws.__getitem__)
    rest = queries.call("GetQueryResults", ask_page | {"NextToken": first["NextToken"]}, aws.__getitem__)
    values = [row["Data"][0]["VarCharValue"] for page in (first, rest) for row in page["ResultSet"]["Rows"]]
    assert values == ["n", "-7", "2", "7"]
    assert "NextToken" not in rest
    assert first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]["Type"] == "bigint"


def test_a_query_over_its_workgroups_limit_is_canceled(queries: Queries, aws: dict[str, Any]) -> None:
    status = ended(queries, aws, start(queries, aws, "SELECT * FROM batch"))["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")


@pytest.mark.parametrize(
    ("sql", "group", "said"),
    [
        ("SELEC 1", "lake", "SYNTAX_ERROR"),
        ("SELECT 1", "nowhere", "not found"),
        ("SELECT 1", "off", "disabled"),
        ("DROP TABLE batch", "lake", "runs SELECT"),
    ],
)
def test_a_request_that_cannot_be_is_refused_at_once(
    queries: Queries, aws: dict[str, Any], sql: str, group: str, said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        start(queries, aws, sql, group)


def test_a_failed_query_says_why_and_has_no_result(queries: Queries, aws: dict[str, Any]) -> None:
    query_id = start(queries, aws, "SELECT 1/0")
    assert "DIVISION_BY_ZERO" in ended(queries, aws, query_id)["Status"]["StateChangeReason"]
    with pytest.raises(RequestError, match="FAILED"):
        queries.call("GetQueryResults", {"QueryExecutionId": query_id}, aws.__getitem__)


def test_the_same_token_starts_one_query(queries: Queries, aws: dict[str, Any]) -> None:
    token = {"ClientRequestToken": "t" * 32}
    assert start(queries, aws, "SELECT 1", **token) == start(queries, aws, "SELECT 1", **token)
    with pytest.raises(RequestError, match="Idempotent"):
        start(queries, aws, "SELECT 2", **token)
