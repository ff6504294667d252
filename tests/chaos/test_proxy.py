"""The faults are what they say: in the services' own form, before or after the effect, and the same for a seed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import error_code, is_transient
from tests.chaos.faults import Fault, Plan
from tests.chaos.partial import Refusals
from tests.chaos.proxy import FaultProxy, identify
from tests.chaos.scenarios import DURABLE_KINDS, KINDS, draw
from tests.unit.fakes.dynamodb import FakeTable
from tests.unit.fakes.kinesis import FakeKinesis

REFUSALS = (Fault.THROTTLED, Fault.BROKEN, Fault.UNAVAILABLE, Fault.EXPIRED)
BROKEN_CONNECTIONS = (Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CUT, Fault.SILENT_BEFORE, Fault.SILENT_AFTER)
LAKE = "swipeline-local-lake-000000000000"


class Upstream:
    """An AWS that says yes to everything, and counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                upstream.calls.append(self.headers.get("host", ""))
                body = json.dumps(
                    {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "s"}]}
                ).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_POST

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.server.shutdown()
    upstream.server.server_close()


@pytest.fixture(scope="module")
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    refusals = Refusals(FakeKinesis(), FakeTable())
    proxy = FaultProxy(0, int(upstream.server.server_address[1]), refusals)
    yield proxy
    proxy.stop()


@pytest.fixture
def call(proxy: FaultProxy, upstream: Upstream) -> Any:
    """``call(service, fault)``: call a service with this fault; what boto3 raised, and how many calls arrived."""

    def carry_out(service: str, fault: Fault | None) -> tuple[Exception | None, int]:
        client = boto3.client(
            service,
            endpoint_url=proxy.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=0.3, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )
        operation, calling = {
            "kinesis": ("PutRecords", lambda: _put_records(client)),
            "dynamodb": ("GetItem", lambda: client.get_item(TableName="t", Key={"k": {"S": "1"}})),
            "secretsmanager": ("GetSecretValue", lambda: client.get_secret_value(SecretId="s")),
            "redshift-data": ("DescribeStatement", lambda: client.describe_statement(Id="i" * 36)),
            "s3": ("PutObject:lake", lambda: client.put_object(Bucket=LAKE, Key="transactions/k", Body=b"body")),
        }[service]
        proxy.plan = Plan({operation: [fault]})
        before = len(upstream.calls)
        try:
            calling()
        except (ClientError, BotoCoreError) as error:
            return error, len(upstream.calls) - before
        return None, len(upstream.calls) - before

    return carry_out


def _put_records(client: Any) -> Any:
    return client.put_records(StreamName="s", Records=[{"Data": b"d", "PartitionKey": "00"}])


SERVICES = ("kinesis", "dynamodb", "secretsmanager", "redshift-data", "s3")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_has_an_aws_code_that_is_transient_and_nothing_was_done(
    call: Any, service: str, fault: Fault
) -> None:
    error, arrived = call(service, fault)
    assert is_transient(error), error
    assert error_code(error) not in ("Unknown", "400", "403", "500", "503")
    assert arrived == 0


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("fault", BROKEN_CONNECTIONS)
def test_a_broken_connection_is_transient_and_leaves_open_what_was_done(call: Any, service: str, fault: Fault) -> None:
    error, arrived = call(service, fault)
    assert is_transient(error), error
    assert arrived == (0 if fault in (Fault.RESET_BEFORE, Fault.SILENT_BEFORE) else 1)


def test_without_a_fault_a_call_passes_with_the_host_that_was_signed(
    call: Any, proxy: FaultProxy, upstream: Upstream
) -> None:
    assert call("kinesis", None) == (None, 1)
    assert upstream.calls[-1] == f"127.0.0.1:{proxy.port}"


def test_a_partial_failure_carries_out_exactly_the_rest() -> None:
    kinesis, table = FakeKinesis(), FakeTable()
    refusals = Refusals(kinesis, table)
    records = [{"Data": "ZA==", "PartitionKey": f"{n:02d}"} for n in range(20)]
    status, body = refusals.carry_out("PutRecords", json.dumps({"StreamName": "s", "Records": records}).encode(), 0b101)
    answer = json.loads(body)
    failed = [n for n, result in enumerate(answer["Records"]) if "ErrorCode" in result]
    assert (status, failed, answer["FailedRecordCount"]) == (200, [0, 2, 16, 18], 4)
    assert sorted(kinesis.stored) == [f"{n:02d}" for n in range(20) if n not in failed]

    puts = [{"PutRequest": {"Item": {"card_id": {"S": str(n)}, "time_id": {"S": "t"}}}} for n in range(5)]
    _, body = refusals.carry_out("BatchWriteItem", json.dumps({"RequestItems": {"t": puts}}).encode(), 0b01110)
    assert json.loads(body)["UnprocessedItems"]["t"] == puts[1:4]
    assert sorted(table.items) == [("0", "t"), ("4", "t")]


def test_a_kill_comes_before_or_after_the_call_it_is_planned_for() -> None:
    killed: list[str] = []
    plan = Plan(kills={("Post", 2): lambda: killed.append("before"), ("Post", -3): lambda: killed.append("after")})
    calls = [plan.next("Post") for _ in range(4)]
    assert [bool(before) for _, _, before, _ in calls] == [False, True, False, False]
    assert [bool(after) for _, _, _, after in calls] == [False, False, True, False]
    assert plan.left == 0


@pytest.mark.parametrize("number", range(len(KINDS | DURABLE_KINDS)))
def test_a_seed_draws_the_same_scenario_each_time_and_one_that_breaks_something(number: int) -> None:
    scenario = draw(7, number, durable=True)
    assert scenario == draw(7, number, durable=True)
    assert scenario.troubles or scenario.poison or scenario.resent or scenario.shuffled


def test_a_call_is_known_by_its_kind_of_store() -> None:
    assert identify("PUT", f"/{LAKE}/transactions/x", "") == ("s3", "PutObject:lake")
    assert identify("POST", "/restapis/a/local/_user_request_/transactions", "") == ("api", "Post")
    assert identify("POST", "/2015-03-31/functions/f/invocations", "") == ("lambda", "Invoke")
    body = b'{"RequestItems": {"swipeline-local-merchants": []}}'
    known = identify("POST", "/", "DynamoDB_20120810.BatchWriteItem", body)
    assert known == ("dynamodb", "BatchWriteItem:merchants")
    put = {"Statement": "INSERT INTO \"swipeline-local-alerts\" VALUE {'alert_id': ?}", "Parameters": [{"S": "a"}]}
    body = json.dumps({"Statements": [put]}).encode()
    known = identify("POST", "/", "DynamoDB_20120810.BatchExecuteStatement", body)
    assert known == ("dynamodb", "Statements:alerts")
    known = identify("POST", "/", "RedshiftData.BatchExecuteStatement", b'{"Sqls": []}')
    assert known == ("redshift-data", "BatchExecuteStatement")
    assert identify("POST", "/", "Kinesis_20131202.PutRecords") == ("kinesis", "PutRecords")
