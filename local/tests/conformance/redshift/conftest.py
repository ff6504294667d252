"""An in-process Data API server on a free port, with an S3 in memory that keeps to S3's rules, and boto3 to call it."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import boto3
import pytest
from botocore.config import Config

from local.redshift.auth import Caller, denied
from local.redshift.copy_source import MissingObjectError
from local.redshift.errors import SqlError, validation
from local.redshift.server import DataApi
from local.redshift.wire.users import Users

ROOT = "arn:aws:iam::000000000000:root"
ROLE = "arn:aws:iam::000000000000:role/copy"
TARGET = {"WorkgroupName": "swipeline-test", "Database": "swipeline"}
OWNER = ("owner", "Owner123")
OVER = ("FINISHED", "FAILED", "ABORTED")


class MemoryS3:
    """Objects by (bucket, key), readable by ROLE alone; `denied` holds keys its policy leaves out."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.denied: set[str] = set()

    def put(self, address: str, data: bytes | str | dict[str, Any]) -> str:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        text = json.dumps(data) if isinstance(data, dict) else data
        self.objects[bucket, key] = text.encode() if isinstance(text, str) else text
        return address

    def reader(self, role_arn: str, region: str | None) -> MemoryS3:
        if role_arn != ROLE:
            raise SqlError(f"User is not authorized to assume IAM Role {role_arn}")
        return self

    def open(self, bucket: str, key: str) -> BinaryIO:
        if key in self.denied:
            raise SqlError("S3ServiceException:Access Denied,Status 403,Error AccessDenied")
        if (bucket, key) not in self.objects:
            raise MissingObjectError(key)
        return io.BytesIO(self.objects[bucket, key])

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        yield from sorted(key for where, key in self.objects if where == bucket and key.startswith(prefix))


class KeyGate:
    """The access key id is the caller's name; `forbidden` holds the (name, action) pairs that are denied.

    `roles` holds the database roles of the callers that have some; the others are the database's owner. `secrets` holds
    the logins in secrets, by ARN.
    """

    def __init__(self) -> None:
        self.forbidden: set[tuple[str, str]] = set()
        self.roles: dict[str, tuple[str, ...]] = {}
        self.secrets: dict[str, tuple[str, str]] = {}

    def authenticate(self, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Caller:
        (signed,) = (value for name, value in headers if name.lower() == "authorization")
        name = signed.split("Credential=")[1].split("/")[0]
        arn = ROOT if name == "root" else f"arn:aws:iam::000000000000:role/{name}"
        return Caller(arn, arn, name == "root")

    def authorize(self, caller: Caller, action: str, resource: str, owner: str | None = None) -> None:
        if (caller.arn.rsplit("/")[-1], action) in self.forbidden:
            raise denied(caller, action, resource)

    def database_roles(self, caller: Caller) -> tuple[str, ...] | None:
        return self.roles.get(caller.arn.rsplit("/")[-1])

    def login_in(self, secret_arn: str) -> tuple[str, str]:
        if secret_arn not in self.secrets:
            raise validation(f"The secret {secret_arn} cannot be read")
        return self.secrets[secret_arn]


class Redshift:
    """A client that waits, over a server that can be restarted on the same files."""

    def __init__(self, home: Path) -> None:
        self.home, self.s3, self.gate = home, MemoryS3(), KeyGate()
        self.start()

    def start(self) -> None:
        self.server = DataApi(self.home, 0, self.gate, self.s3, users=Users(lambda: OWNER))
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.client = self.client_of("root")

    def stop(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.close()

    def client_of(self, name: str) -> Any:
        return boto3.client(
            "redshift-data",
            endpoint_url=self.server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=name,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def submit(self, sql: str | list[str], **parameters: Any) -> str:
        if isinstance(sql, list):
            return self.client.batch_execute_statement(Sqls=sql, **TARGET, **parameters)["Id"]
        return self.client.execute_statement(Sql=sql, **TARGET, **parameters)["Id"]

    def wait(self, statement_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = self.client.describe_statement(Id=statement_id, WaitTimeSeconds=5)
            if found["Status"] in OVER:
                return found
        raise AssertionError(f"{statement_id} is still {found['Status']}")

    def run(self, sql: str | list[str], **parameters: Any) -> dict[str, Any]:
        """Run to its end, whatever that is."""
        return self.wait(self.submit(sql, **parameters))

    def ok(self, sql: str | list[str], **parameters: Any) -> dict[str, Any]:
        found = self.run(sql, **parameters)
        assert found["Status"] == "FINISHED", found.get("Error")
        return found

    def error(self, sql: str | list[str], **parameters: Any) -> str:
        found = self.run(sql, **parameters)
        assert found["Status"] == "FAILED", found
        return str(found["Error"])

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.result(self.ok(sql, **parameters)["Id"])

    def result(self, statement_id: str) -> list[tuple[Any, ...]]:
        pages = self.client.get_paginator("get_statement_result").paginate(Id=statement_id)
        return [tuple(plain(field) for field in record) for page in pages for record in page["Records"]]


def plain(field: dict[str, Any]) -> Any:
    """{"longValue": 3} -> 3; NULL -> None."""
    ((kind, value),) = field.items()
    return None if kind == "isNull" else value


@pytest.fixture(scope="session")
def shared_redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redshift]:
    server = Redshift(tmp_path_factory.mktemp("redshift"))
    yield server
    server.stop()


@pytest.fixture
def redshift(shared_redshift: Redshift) -> Redshift:
    """A server without schemas, tables or objects of earlier tests; its statements stay."""
    shared_redshift.gate.forbidden.clear()
    shared_redshift.gate.roles.clear()
    shared_redshift.s3.objects.clear()
    shared_redshift.s3.denied.clear()
    tables = shared_redshift.client.list_tables(**TARGET)["Tables"]
    drops = [
        f'DROP {"VIEW" if table["type"] == "VIEW" else "TABLE"} {table["schema"]}."{table["name"]}"'
        for table in sorted(tables, key=lambda table: table["type"] != "VIEW")
        if table["schema"] not in ("pg_catalog", "information_schema")
    ]
    if drops:
        shared_redshift.ok(drops)
    return shared_redshift


@pytest.fixture
def own_redshift(tmp_path: Path) -> Iterator[Redshift]:
    """A server of the test's own, to restart."""
    server = Redshift(tmp_path)
    yield server
    server.stop()
