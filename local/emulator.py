"""Starts MiniStack in this process: loopback only, IAM enforced, its state kept under the home, and routes of ours.

Every request passes the front door first (local.door): its host, its origin, its signature. Our routes take the root
key: `POST /_swipeline/verify` checks a request of the Redshift Data API's (local.door.verifying).
`POST /_swipeline/snapshot` saves the state: see `local.snapshot`. `POST /_swipeline/faults` makes services fail: see
`local.cloudwatch.faults`. `GET /_swipeline/permissions`: what roles have used of theirs, see `local.permissions`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cache
from http import HTTPStatus
from typing import Any

from local import api_keys, shard_limits, state_files
from local.calls import VARIABLE, VERIFY_PATH, Calls
from local.clients import Clients
from local.cloudwatch.faults import FAULTS_PATH, Faults
from local.cloudwatch.install import CloudWatch
from local.executions import Executions
from local.glue import GlueEngine
from local.permissions import PERMISSIONS_PATH, Permissions
from local.private import private_folder, private_umask
from local.project import current
from local.room import Room, limit_from
from local.settings import ACCOUNT_ID, HOST, REGION, Settings
from local.snapshot import SNAPSHOT_PATH, save
from local.step_functions import Integrations
from local.supervisor import state_file
from local.whole import Whole
from local.xray.install import XRay

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

KEEP_ALIVE_SECONDS = 75
INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT", "JAVA_HOME")


def emulator_environment(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """The whole environment MiniStack gets; it reads its settings when it is imported.

    Functions inherit the emulator's environment, so only what a process needs to run is let through: a function must
    find on the laptop what it finds on Lambda, not what happens to be set in somebody's shell.
    """
    key = settings.root_key
    return {name: base[name] for name in INHERITED_VARIABLES if name in base} | {
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "TMPDIR": str(settings.functions),  # where MiniStack unpacks functions, and leaves them
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(settings.state / "emulator"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(settings.state / "s3"),
        "LOG_LEVEL": base.get("LOG_LEVEL", "INFO"),
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_XRAY_DAEMON_ADDRESS": f"{HOST}:{settings.port}",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }


async def body_of(receive: Receive) -> bytes:
    """The whole body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


@cache
def caller_name(access_key_id: str) -> str:
    """Who holds an access key: a role's name, `root`, or `anonymous`."""
    from local.door.verifying import caller

    status, found = caller(access_key_id) if access_key_id else (HTTPStatus.NOT_FOUND, {})
    return str(found["arn"]).rpartition(":")[2].rpartition("/")[2] if status == HTTPStatus.OK else "anonymous"


def with_routes(app: App, faults: Faults, permissions: Permissions) -> App:
    """Wrap an ASGI application with our routes; everything else passes through untouched."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        route = (scope["method"], scope["path"]) if scope["type"] == "http" else None
        if route == ("POST", VERIFY_PATH):
            status, answer = _verify(await body_of(receive), permissions)
        elif route == ("POST", SNAPSHOT_PATH):
            status, answer = save()
        elif route == ("POST", FAULTS_PATH):
            status, answer = faults.set(await body_of(receive))
        elif route == ("GET", PERMISSIONS_PATH):
            status, answer = HTTPStatus.OK, permissions.report()
        else:
            await app(scope, receive, send)
            return
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped


def refuse_when_full(app: App, paths: tuple[str, ...], problem: Callable[[], str]) -> App:
    """Wrap an ASGI application: POSTs to these paths of an API are refused while there is no room for what they bring.

    503 and Retry-After are what API Gateway answers when what is behind it cannot take more; the sender retries.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        is_write = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(paths)
        if not (is_write and "/_user_request_/" in scope["path"] and (why := problem())):
            await app(scope, receive, send)
            return
        await body_of(receive)
        body = json.dumps({"message": why}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"retry-after", b"5"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": int(HTTPStatus.SERVICE_UNAVAILABLE), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped


def _verify(body: bytes, permissions: Permissions) -> tuple[int, dict[str, Any]]:
    from local.door.verifying import check

    status, answer, key = check(body)
    if key:
        permissions.asked(json.loads(body)["headers"], caller_name(key))
    return status, answer


def port_is_taken(port: int) -> bool:
    """True when something on this machine answers on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((HOST, port)) == 0


def main() -> None:
    """Serve until SIGTERM or SIGINT; MiniStack saves its state on the way out."""
    settings, project = Settings.from_environment(), current()
    if port_is_taken(settings.port):
        sys.exit(f"Port {settings.port} on {HOST} is taken by another process: stop it, or set SWIPELINE_PORT")
    private_umask()
    private_folder(settings.home)
    shutil.rmtree(settings.functions, ignore_errors=True)  # of an emulator that was killed
    for directory in (settings.state / "emulator", settings.state / "s3", settings.functions):
        private_folder(directory)
    try:
        state_files.check(settings.state / "emulator")
    except state_files.DamagedStateError as error:
        sys.exit(str(error))
    ports = {settings.port, settings.behind_proxy().port}
    space = Room(settings.home, limit_from(os.environ))
    counting, limiting = os.environ.get(VARIABLE) == "1", os.environ.get(shard_limits.VARIABLE) == "1"
    environment = emulator_environment(settings, os.environ)
    os.environ.clear()
    os.environ.update(environment)

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import _extract_s3_vhost_bucket, _parse_execute_api_url, app
    from ministack.services import (
        apigateway_v1,
        athena,
        dynamodb,
        firehose,
        glue,
        kinesis,
        lambda_svc,
        s3,
        stepfunctions,
    )
    from ministack.services.cloudformation import provisioners

    api_keys.install(apigateway_v1)
    GlueEngine(settings, glue).install()
    Integrations(Clients(settings, "step-functions", "states.amazonaws.com"), stepfunctions).install()
    executions = Executions(settings.state / "executions", stepfunctions)
    executions.install()
    from ministack.core import iam_evaluator, lambda_runtime

    from local import buckets, function_logs, mappings, queues, s3_events, saved_secrets, topics, trust
    from local.athena.install import install as install_athena
    from local.direct_put import DirectPut
    from local.door.gate import Gate
    from local.door.install import install as install_door
    from local.door.install import resolve
    from local.door.origins import Door
    from local.kinesis.install import install as install_kinesis
    from local.kinesis.store import DamagedStoreError
    from local.partiql import check_each_statement, read_less_often
    from local.partiql_writes import Writes
    from local.quick_json import read_requests_quickly
    from local.reserved_concurrency import ReservedConcurrency
    from local.tables.install import install as install_tables

    state_files.install()
    install_door(settings.root_key)
    topics.install()
    install_athena(settings, athena, provisioners)
    DirectPut(firehose, kinesis).install()
    queues.install()
    permissions = Permissions()
    permissions.install(iam_evaluator)
    trust.install(iam_evaluator)
    function_logs.install(lambda_runtime, lambda_svc)
    whole = Whole(state_file(settings), lambda: port_is_taken(settings.redshift_port))
    mappings.install(lambda_svc, settings.state / "event_sources.sqlite", whole)
    ReservedConcurrency(lambda_svc).install(provisioners._RESOURCE_HANDLERS)
    buckets.install(s3, provisioners._RESOURCE_HANDLERS)
    read_requests_quickly()
    database = settings.state / "emulator" / "tables.sqlite"
    try:
        tables = install_tables(dynamodb, database, space.problem)
    except sqlite3.DatabaseError as error:
        sys.exit(f"{database}, the items of all DynamoDB tables, cannot be used: {error}. Nothing was changed")
    check_each_statement()
    read_less_often()
    Writes(dynamodb).install()
    try:
        streams = install_kinesis(settings.state / "emulator")
    except DamagedStoreError as error:
        sys.exit(f"{error}. Nothing was changed")
    saved_secrets.install()
    s3_events.install()
    if limiting:
        shard_limits.install(streams)
    cloudwatch = CloudWatch(settings)
    cloudwatch.install()
    xray = XRay(settings)
    xray.install()
    cloudwatch.start()
    xray.start()
    executions.start_again(serving=lambda: port_is_taken(settings.port))
    config = Config()
    config.bind = [f"{HOST}:{settings.port}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    try:
        served = with_routes(
            refuse_when_full(app, project.refused_when_full, space.problem), cloudwatch.faults, permissions
        )
        counted = Calls(served, caller_name) if counting else served
        gate = Gate(counted, Door(ports, virtual_hosts=True), resolve, _parse_execute_api_url, _extract_s3_vhost_bucket)
        asyncio.run(serve(gate, config))
    finally:
        xray.stop()
        cloudwatch.stop()
        tables.close()
        streams.store.close()


if __name__ == "__main__":
    main()
