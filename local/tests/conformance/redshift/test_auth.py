"""Who may call, decided by the real emulator: signatures, IAM policies, the owner condition, the COPY role."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.redshift.auth import EmulatorGate
from local.redshift.errors import ApiError
from local.redshift.s3 import RoleAccess
from local.redshift.server import DataApi
from local.settings import ACCOUNT_ID, REGION
from local.tests.conformance.emulator import Emulator

TARGET = {"WorkgroupName": "swipeline-auth", "Database": "swipeline"}
WORKGROUP = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT_ID}:workgroup/swipeline-auth"
OWN = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}
CONNECT = {"Action": ["redshift-data:ExecuteStatement", "redshift-serverless:GetCredentials"], "Resource": WORKGROUP}
FOLLOW = {"Action": ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"], "Resource": "*"}

pytestmark = pytest.mark.e2e


class Guarded:
    """A Data API server that asks the emulator, and clients of roles made there."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        self.emulator = emulator
        self.gate, objects = EmulatorGate(emulator.settings), RoleAccess(emulator.settings)
        self.server = DataApi(home, 0, self.gate, objects, REGION, ACCOUNT_ID)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def client(self, key: str, secret: str, token: str | None = None) -> Any:
        return boto3.client(
            "redshift-data",
            endpoint_url=self.server.endpoint,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def root(self) -> Any:
        key = self.emulator.settings.root_key
        return self.client(key.access_key_id, key.secret_access_key)

    def credentials(self, name: str, *statements: dict[str, Any]) -> tuple[str, str, str]:
        iam = self.emulator.client("iam")
        arn = self.emulator.role(name, "lambda")
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **item} for item in statements]}
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
        found = self.emulator.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


@pytest.fixture(scope="module")
def guarded(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    found = Guarded(emulator, tmp_path_factory.mktemp("guarded"))
    yield found
    found.server.shutdown()
    found.server.close()


def run(client: Any, sql: str = "SELECT 1 AS one") -> dict[str, Any]:
    statement = client.execute_statement(Sql=sql, **TARGET)["Id"]
    return client.describe_statement(Id=statement, WaitTimeSeconds=20)


def code(call: Any, *arguments: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(*arguments)
    return str(raised.value.response["Error"]["Code"])


def test_root_and_a_role_with_the_three_permissions_may_run_statements(guarded: Guarded) -> None:
    assert run(guarded.root())["Status"] == "FINISHED"
    client = guarded.client(*guarded.credentials("rs-full", CONNECT, FOLLOW | {"Condition": OWN}))
    found = run(client)
    assert found["Status"] == "FINISHED"
    assert client.get_statement_result(Id=found["Id"])["Records"] == [[{"longValue": 1}]]


def test_a_login_is_read_from_its_secret_as_it_is_now(guarded: Guarded) -> None:
    manager = guarded.emulator.client("secretsmanager")
    arn = manager.create_secret(Name="rs-login", SecretString='{"username": "a", "password": "first"}')["ARN"]
    assert guarded.gate.login_in(arn) == ("a", "first")
    manager.put_secret_value(SecretId=arn, SecretString='{"username": "a", "password": "second"}')
    assert guarded.gate.login_in(arn) == ("a", "second")
    manager.put_secret_value(SecretId=arn, SecretString='["second"]')
    for unfit in (arn, arn.replace("rs-login", "rs-nothing")):
        with pytest.raises(ApiError) as refused:
            guarded.gate.login_in(unfit)
        assert refused.value.code == "ValidationException"
        assert "second" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "statements", "missing"),
    [
        ("rs-none", [], "redshift-data:ExecuteStatement"),
        (
            "rs-unconnected",
            [CONNECT | {"Action": "redshift-data:ExecuteStatement"}],
            "redshift-serverless:GetCredentials",
        ),
        ("rs-elsewhere", [CONNECT | {"Resource": WORKGROUP + "x"}], "redshift-data:ExecuteStatement"),
        ("rs-blind", [CONNECT], "redshift-data:DescribeStatement"),
        (
            "rs-others",
            [
                CONNECT,
                FOLLOW | {"Condition": {"StringEquals": {"redshift-data:statement-owner-iam-userid": "AROAOTHER"}}},
            ],
            "redshift-data:DescribeStatement",
        ),
    ],
)
def test_a_role_without_a_permission_is_denied_and_the_permission_is_named(
    guarded: Guarded, name: str, statements: list[dict[str, Any]], missing: str
) -> None:
    client = guarded.client(*guarded.credentials(name, *statements))
    with pytest.raises(
        ClientError, match=f"assumed-role/{name}/session is not authorized to perform: {missing}"
    ) as raised:
        run(client)
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_role_with_the_tag_has_its_database_roles_and_nothing_else(guarded: Guarded) -> None:
    client = guarded.client(*guarded.credentials("rs-analyst", CONNECT, FOLLOW | {"Condition": OWN}))
    made = [
        "CREATE SCHEMA open",
        "CREATE TABLE open.x (a INTEGER)",
        "CREATE SCHEMA shut",
        "CREATE TABLE shut.x (a INTEGER)",
    ]
    granted = [
        "CREATE ROLE analyst",
        "GRANT USAGE ON SCHEMA open TO ROLE analyst",
        "GRANT SELECT ON open.x TO ROLE analyst",
    ]
    for sql in (*made, *granted):
        assert run(guarded.root(), sql)["Status"] == "FINISHED"
    tags = [{"Key": "RedshiftDbRoles", "Value": "analyst:another"}]
    guarded.emulator.client("iam").tag_role(RoleName="rs-analyst", Tags=tags)
    assert run(client, "SELECT COUNT(*) FROM open.x")["Status"] == "FINISHED"
    assert run(client, "SELECT COUNT(*) FROM shut.x")["Error"] == "ERROR: permission denied for schema shut"


def test_a_wrong_secret_a_wrong_token_and_an_unknown_key_are_refused(guarded: Guarded) -> None:
    key, secret, token = guarded.credentials("rs-signed", CONNECT, FOLLOW)
    assert code(run, guarded.client(key, secret + "x", token)) == "InvalidSignatureException"
    assert code(run, guarded.client(key, secret, token + "x")) == "UnrecognizedClientException"
    assert code(run, guarded.client("AKIANOTTHERE", "x")) == "UnrecognizedClientException"


def test_a_removed_permission_is_missed_within_seconds(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.redshift.auth.CACHE_SECONDS", 0.0)
    client = guarded.client(*guarded.credentials("rs-revoked", CONNECT, FOLLOW))
    assert run(client)["Status"] == "FINISHED"
    guarded.emulator.client("iam").delete_role_policy(RoleName="rs-revoked", PolicyName="p")
    assert code(run, client) == "AccessDeniedException"


def test_copy_reads_with_the_roles_own_permissions(guarded: Guarded) -> None:
    emulator, client = guarded.emulator, guarded.root()
    bucket = emulator.bucket("rs-copy-bucket")
    s3 = emulator.client("s3")
    s3.put_object(Bucket=bucket, Key="data/1.gz", Body=gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    s3.put_object(Bucket=bucket, Key="private/1.gz", Body=gzip.compress(b'{"a": 3}\n'))
    copier, stranger = emulator.role("rs-copier", "redshift"), emulator.role("rs-stranger", "lambda")
    emulator.grant(copier, "data", ["s3:GetObject"], f"arn:aws:s3:::{bucket}/data/*")
    emulator.grant(copier, "list", ["s3:ListBucket"], f"arn:aws:s3:::{bucket}")
    emulator.grant(stranger, "all", ["s3:*"], "*")
    assert run(client, "CREATE TABLE t (a INT)")["Status"] == "FINISHED"

    def copy(prefix: str, role: str) -> dict[str, Any]:
        return run(client, f"COPY t FROM 's3://{bucket}/{prefix}' IAM_ROLE '{role}' JSON 'auto' GZIP")

    assert copy("data/", copier)["ResultRows"] == 2
    assert "AccessDenied" in copy("private/", copier)["Error"]
    assert "not authorized to assume IAM Role" in copy("data/", stranger)["Error"]
    assert "not authorized to assume IAM Role" in copy("data/", f"arn:aws:iam::{ACCOUNT_ID}:role/not-there")["Error"]
    assert "does not exist" in copy("nothing-here/", copier)["Error"]
