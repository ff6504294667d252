"""Every service of the embedded AWS refuses a request that is not signed as it must be, in AWS's own words."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

import boto3
import botocore.auth
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.session import get_session

from local.control import call
from local.door.signature import Request
from local.redshift.auth import EmulatorGate
from local.redshift.s3 import RoleAccess
from local.redshift.server import DataApi
from local.tests.conformance.emulator import Emulator
from tests.security.signing import signed, spoiled

pytestmark = pytest.mark.e2e

# A harmless read of each service that the stage uses, and of others for their protocols.
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "apigateway": ("get_rest_apis", {}),
    "cloudformation": ("describe_stacks", {}),
    "cloudwatch": ("list_metrics", {}),
    "dynamodb": ("list_tables", {}),
    "ec2": ("describe_vpcs", {}),
    "events": ("list_rules", {}),
    "firehose": ("list_delivery_streams", {}),
    "glue": ("get_databases", {}),
    "iam": ("list_roles", {}),
    "kinesis": ("list_streams", {}),
    "kms": ("list_keys", {}),
    "lambda": ("list_functions", {}),
    "logs": ("describe_log_groups", {}),
    "redshift-data": ("list_statements", {}),
    "s3": ("list_buckets", {}),
    "secretsmanager": ("list_secrets", {}),
    "sns": ("list_topics", {}),
    "sqs": ("list_queues", {}),
    "ssm": ("describe_parameters", {}),
    "stepfunctions": ("list_state_machines", {}),
    "sts": ("get_caller_identity", {}),
    "xray": ("get_trace_summaries", {"StartTime": 1767225600, "EndTime": 1767312000}),
}
REFUSAL = re.compile("Signature|Token|AccessKeyId|AuthFailure|UnrecognizedClient|Forbidden|InvalidRequest")
UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
WRONG = {"SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"}
EXPIRED = {*WRONG, "RequestTimeTooSkewed", "RequestExpired"}
MISSING = {
    "AccessDenied",
    "AccessDeniedException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "MissingParameter",
    "UnrecognizedClientException",
}


@pytest.fixture(scope="module")
def data_api(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("data-api")
    server = DataApi(home, 0, EmulatorGate(emulator.settings), RoleAccess(emulator.settings))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.endpoint
    server.shutdown()
    server.close()


@pytest.fixture
def ask(emulator: Emulator, data_api: str) -> Any:
    """``ask(service, keys)``: make its call with these keys; AWS's error code, or none."""

    def carry_out(service: str, key: str, secret: str, token: str | None = None, **config: Any) -> str | None:
        client: BaseClient = boto3.client(
            service,
            endpoint_url=data_api if service == "redshift-data" else emulator.settings.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **config),
        )
        operation, parameters = CALLS[service]
        try:
            getattr(client, operation)(**parameters)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None

    return carry_out


def root(emulator: Emulator) -> tuple[str, str]:
    key = emulator.settings.root_key
    return key.access_key_id, key.secret_access_key


@pytest.mark.parametrize("service", CALLS)
def test_a_service_answers_its_root_user_and_refuses_wrong_and_unknown_keys(
    emulator: Emulator, ask: Any, service: str
) -> None:
    key, secret = root(emulator)
    assert ask(service, key, secret) is None
    assert ask(service, key, secret[:-1]) in WRONG
    assert ask(service, key, "test") in WRONG
    assert ask(service, key, secret, "a token that it has not") in UNKNOWN | {"InvalidToken"}
    for other in ("test", "000000000000", "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"):
        assert ask(service, other, "test") in UNKNOWN, other
        assert ask(service, other, secret) in UNKNOWN, other


@pytest.mark.parametrize("service", [name for name in CALLS if name != "redshift-data"])
@pytest.mark.parametrize("hours", [-24, -1, 1])
def test_a_service_refuses_what_was_signed_at_another_time(
    emulator: Emulator, ask: Any, service: str, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = datetime.now(UTC) + timedelta(hours=hours)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: then.replace(tzinfo=None))
    assert ask(service, *root(emulator)) in EXPIRED


@pytest.mark.parametrize("service", CALLS)
def test_a_service_refuses_a_session_s_key_without_its_token_and_with_another(
    emulator: Emulator, ask: Any, service: str
) -> None:
    name = f"session-{service}"
    role = emulator.role(name, "lambda")
    emulator.grant(role, "all", ["*"], "*")
    keys = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    id_, secret, token = keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    assert ask(service, id_, secret, token) is None
    assert ask(service, id_, secret) in UNKNOWN | {"InvalidToken"}
    assert ask(service, id_, secret, token[:-1]) in UNKNOWN | {"InvalidToken"}
    assert ask(service, id_, root(emulator)[1], token) in WRONG


@pytest.mark.parametrize("service", CALLS)
def test_a_service_refuses_a_request_that_nobody_signed(emulator: Emulator, data_api: str, service: str) -> None:
    from botocore import UNSIGNED

    client = boto3.client(
        service,
        endpoint_url=data_api if service == "redshift-data" else emulator.settings.endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    operation, parameters = CALLS[service]
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**parameters)
    assert raised.value.response["Error"]["Code"] in MISSING


@pytest.mark.parametrize("service", [name for name in CALLS if name != "redshift-data"])
def test_a_service_refuses_an_older_signature(emulator: Emulator, service: str) -> None:
    key, _ = root(emulator)
    for headers, query in (
        ({"Authorization": f"AWS {key}:c2lnbmF0dXJl", "Date": formatdate(usegmt=True)}, ""),
        ({}, f"?AWSAccessKeyId={key}&Signature=x&Expires=99999999999"),
        ({}, f"?AWSAccessKeyId={key}&Signature=x&SignatureVersion=2&SignatureMethod=HmacSHA256&Action=ListRoles"),
    ):
        status, text = send(emulator, Request("GET", "/", query[1:], tuple(headers.items())))
        assert status in (400, 403), (service, text)


def test_the_data_api_refuses_what_was_signed_an_hour_ago(
    emulator: Emulator, data_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = data_api.removeprefix("http://")
    headers = {"X-Amz-Target": "RedshiftData.ListStatements", "Content-Type": "application/x-amz-json-1.1"}
    then = datetime.now(UTC) - timedelta(hours=1)
    with monkeypatch.context() as patched:
        patched.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: then.replace(tzinfo=None))
        old = signed(Credentials(*root(emulator)), "redshift-data", headers=headers, host=host)
    fresh = signed(Credentials(*root(emulator)), "redshift-data", headers=headers, host=host)
    foreign = signed(Credentials(*root(emulator)), "dynamodb", headers=headers, host=host)
    port = int(host.rpartition(":")[2])
    assert send(emulator, fresh, port)[0] == 200
    assert "InvalidSignatureException" in send(emulator, old, port)[1]
    assert "InvalidSignatureException" in send(emulator, foreign, port)[1]
    for name, other in spoiled(fresh):
        assert send(emulator, other, port)[0] >= 400, name  # 501 to another method


def send(emulator: Emulator, request: Request, port: int | None = None) -> tuple[int, str]:
    """Send a request as it is, to the last header."""
    connection = http.client.HTTPConnection("127.0.0.1", port or emulator.settings.port, timeout=20)
    try:
        path = request.raw_path + (f"?{request.query}" if request.query else "")
        connection.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
        names = set()
        for name, value in request.headers:
            names.add(name.lower())
            if name.lower() != "content-length":
                connection.putheader(name, value)
        if "host" not in names:
            connection.putheader("Host", f"127.0.0.1:{emulator.settings.port}")
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


REPLAYED: dict[str, dict[str, Any]] = {
    "dynamodb": {
        "headers": {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"},
        "body": b"{}",
    },
    "lambda": {"method": "GET", "path": "/2015-03-31/functions?MaxItems=5", "body": b""},
    "iam": {
        "body": b"Action=ListRoles&Version=2010-05-08",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    },
    "s3": {"method": "GET", "path": "/?x-id=ListBuckets", "body": b""},
    "sts": {"method": "GET", "path": "/?Action=GetCallerIdentity&Version=2011-06-15", "body": b"", "expires": 300},
}


@pytest.mark.parametrize("service", REPLAYED)
def test_a_request_that_was_seen_cannot_be_sent_otherwise(emulator: Emulator, service: str) -> None:
    key, secret = root(emulator)
    host = f"127.0.0.1:{emulator.settings.port}"
    request = signed(Credentials(key, secret), service, host=host, **REPLAYED[service])
    assert send(emulator, request)[0] == 200
    refused = 0
    for name, other in spoiled(request):
        status, text = send(emulator, other)
        assert 400 <= status < 500, (name, text)
        refused += 1
    assert refused > 10


def s3_of(emulator: Emulator, version: str) -> Any:
    """A client of root's that signs with a version."""
    return boto3.client(
        "s3",
        endpoint_url=emulator.settings.endpoint,
        region_name="us-east-1",
        **emulator.settings.root_key.for_botocore(),
        config=Config(s3={"addressing_style": "path"}, signature_version=version),
    )


def test_s3_s_older_signature_is_checked_too(emulator: Emulator) -> None:
    bucket = emulator.bucket("older")
    older = s3_of(emulator, "s3")
    older.put_object(Bucket=bucket, Key="a b/ü", Body=b"body", Metadata={"a": "b"})
    assert older.get_object(Bucket=bucket, Key="a b/ü")["Body"].read() == b"body"
    key = emulator.settings.root_key.access_key_id
    for signature in ("x", "", "AAAA"):
        headers = (("Authorization", f"AWS {key}:{signature}"), ("Date", formatdate(usegmt=True)))
        status, text = send(emulator, Request("GET", "/older/a%20b", "", headers))
        assert (status, "SignatureDoesNotMatch" in text) == (403, True)
    late = (("Authorization", f"AWS {key}:x"), ("Date", formatdate(0, usegmt=True)))
    assert "RequestTimeTooSkewed" in send(emulator, Request("GET", "/older/k", "", late))[1]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_address_serves_until_it_expires_and_what_it_names_only(emulator: Emulator, version: str) -> None:
    bucket = emulator.bucket(f"presigned-{version}")
    client = s3_of(emulator, version)
    emulator.client("s3").put_object(Bucket=bucket, Key="a b/ü", Body=b"body")
    emulator.client("s3").put_object(Bucket=bucket, Key="other", Body=b"other")

    def get(method: str, path: str) -> int:
        request = Request(method, path.partition("?")[0], path.partition("?")[2], ())
        return send(emulator, request)[0]

    def path(seconds: int) -> str:
        url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b/ü"}, ExpiresIn=seconds)
        return str(url).removeprefix(emulator.settings.endpoint)

    good = path(300)
    assert get("GET", good) == 200
    assert get("PUT", good) == 403
    assert get("GET", re.sub(r"/a%20b/[^?]+", "/other", good)) == 403
    assert get("GET", re.sub(r"Expires=(\d+)", r"Expires=\g<1>0", good)) == 403
    assert get("GET", re.sub(r"Signature=\w", "Signature=0", good)) == 403
    short = path(1)
    deadline = time.monotonic() + 10
    while get("GET", short) == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert get("GET", short) == 403


def test_a_presigned_upload_cannot_be_sent_to_another_service(emulator: Emulator) -> None:
    """S3 leaves the body of a presigned request unsigned: with another service's body it must go nowhere else."""
    url = s3_of(emulator, "s3v4").generate_presigned_url("put_object", {"Bucket": "b", "Key": "k"}, ExpiresIn=300)
    path, _, query = str(url).removeprefix(emulator.settings.endpoint).partition("?")
    for headers, body in (
        ({"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"Action=ListRoles&Version=2010-05-08"),
    ):
        status, text = send(emulator, Request("PUT", path, query, tuple(headers.items()), body))
        assert status >= 400, text
        assert "ListRolesResult" not in text


def test_an_object_is_uploaded_in_every_way_that_boto3_knows(emulator: Emulator) -> None:
    bucket = emulator.bucket("uploads")
    for number, (algorithm, signing) in enumerate(itertools.product(("CRC32", "SHA256", None), (True, False))):
        client = boto3.client(
            "s3",
            endpoint_url=emulator.settings.endpoint,
            region_name="us-east-1",
            **emulator.settings.root_key.for_botocore(),
            config=Config(s3={"addressing_style": "path", "payload_signing_enabled": signing}),
        )
        more = {"ChecksumAlgorithm": algorithm} if algorithm else {}
        client.put_object(Bucket=bucket, Key=f"k {number}+/ü", Body=b"body", **more)
    assert len(emulator.objects(bucket)) == 6


def test_nobody_reads_a_bucket_without_a_signature(emulator: Emulator) -> None:
    bucket = emulator.bucket("anonymous")
    emulator.client("s3").put_object(Bucket=bucket, Key="k", Body=b"body")
    for method, path in (("GET", "/anonymous/k"), ("GET", "/anonymous"), ("GET", "/"), ("PUT", "/anonymous/new")):
        status, text = send(emulator, Request(method, path, "", (), b""))
        assert status == 403
        assert "<Code>AccessDenied</Code>" in text
    for host in ("anonymous.s3.localhost", "anonymous.localhost", "anonymous.127.0.0.1"):
        headers = (("Host", f"{host}:{emulator.settings.port}"),)
        assert send(emulator, Request("GET", "/k", "", headers))[0] == 403


CONTROL = [
    ("POST", "/_ministack/reset"),
    ("POST", "/_ministack/config"),
    ("GET", "/_ministack/ready"),
    ("GET", "/_ministack/ses/messages"),
    ("GET", "/_ministack/sqs/messages"),
    ("GET", "/_ministack/sns/sms-messages"),
    ("GET", "/_ministack/lambda-code/any"),
    ("POST", "/_ministack/eks-auth/any"),
    ("POST", "/_ministack/rds/iam-auth"),
    ("GET", "/_localstack/health"),
    ("GET", "/_aws/sqs/messages"),
    ("GET", "/_alb/any/"),
    ("GET", "/health"),
    ("GET", "/_swipeline/permissions"),
    ("POST", "/_swipeline/faults"),
    ("POST", "/_swipeline/snapshot"),
    ("POST", "/_swipeline/verify"),
    ("GET", "/_swipeline/calls"),
    ("GET", "/oauth2/authorize"),
    ("POST", "/oauth2/token"),
    ("GET", "/login"),
    ("GET", "/v2/"),
]


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_a_control_route_takes_the_root_key_and_nothing_else(emulator: Emulator, method: str, path: str) -> None:
    assert send(emulator, Request(method, path, "", ()))[0] == 403
    if not path.startswith("/_"):
        return
    name = "control" + re.sub(r"\W", "-", path)
    role = emulator.role(name, "lambda")
    emulator.grant(role, "all", ["*"], "*")
    keys = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    host = f"127.0.0.1:{emulator.settings.port}"
    request = signed(session, "swipeline", method=method, path=path, body=b"", host=host)
    assert send(emulator, request)[0] == 403


def test_the_root_key_controls_the_emulator(emulator: Emulator) -> None:
    assert call(emulator.settings, "GET", "/_swipeline/permissions")[0] == 200


def test_health_says_that_and_nothing_more(emulator: Emulator) -> None:
    status, text = send(emulator, Request("GET", "/_ministack/health", "", ()))
    assert (status, json.loads(text)) == (200, {"status": "ok"})


def test_a_function_has_keys_of_its_own_which_nobody_can_work_out(emulator: Emulator) -> None:
    import hashlib

    role = emulator.role("keys", "lambda")
    emulator.function(
        "keys",
        role,
        "import os\ndef handler(*_): return {k: os.environ[k] for k in NAMES}\nNAMES = "
        "['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']",
    )
    answer = emulator.client("lambda").invoke(FunctionName="keys", Payload=b"{}")
    keys = json.load(answer["Payload"])
    arn = "arn:aws:lambda:us-east-1:000000000000:function:keys"
    guess = hashlib.sha256(f"{arn}:{role}".encode()).hexdigest()
    assert keys["AWS_ACCESS_KEY_ID"] != f"ASIA{guess[:16].upper()}"
    assert keys["AWS_SECRET_ACCESS_KEY"] != hashlib.sha256(f"secret:{guess}".encode()).hexdigest()
    assert not {*root(emulator)} & set(keys.values()), "root's keys never reach a function"
    client = boto3.client(
        "sts",
        endpoint_url=emulator.settings.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
    assert client.get_caller_identity()["Arn"].startswith("arn:aws:sts::000000000000:assumed-role/keys/")


def test_every_service_that_boto3_knows_refuses_an_unknown_key_and_a_wrong_secret(emulator: Emulator) -> None:
    """Whatever MiniStack makes of a request, the door is before it: no service is forgotten."""
    key, secret = root(emulator)
    served = []
    host = f"127.0.0.1:{emulator.settings.port}"
    for service in get_session().get_available_services():
        model = get_session().get_service_model(service)
        name = model.signing_name
        target = model.metadata.get("targetPrefix")
        headers = {"X-Amz-Target": f"{target}.{model.operation_names[0]}"} if target else {}
        for credentials in (Credentials("test", "test"), Credentials(key, secret + "x")):
            status, text = send(emulator, signed(credentials, name, headers=headers, host=host))
            if status not in (400, 401, 403) or not REFUSAL.search(text):
                served.append((service, credentials.access_key, status, text[:200]))
    assert served == []
