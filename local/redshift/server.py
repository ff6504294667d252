"""The HTTP front: AWS JSON 1.1 on the loopback address only, with keep-alive, and GET /health."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Collection
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.door.origins import Door
from local.redshift.auth import Gate
from local.redshift.control import ControlPlane, Installation
from local.redshift.copy_source import ObjectAccess
from local.redshift.errors import ApiError
from local.redshift.operations import Operations
from local.redshift.runner import Runner
from local.redshift.store import Store
from local.redshift.wire.users import Users

HOST = "127.0.0.1"
MAX_BODY_BYTES = 8 * 1024 * 1024
_CONTENT_TYPE = "application/x-amz-json-1.1"
log = logging.getLogger("redshift")


class DataApi(ThreadingHTTPServer):
    """The server. `home` holds statements.db and one directory per workgroup; port 0 picks a free one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        home: Path,
        port: int,
        gate: Gate,
        objects: ObjectAccess | None,
        region: str = "us-east-1",
        account: str = "000000000000",
        ports: Collection[int] = (),
        users: Users | None = None,
        installed: Installation | None = None,
    ) -> None:
        """`ports` are those that callers may name in `Host`, where they are not the server's own alone."""
        super().__init__((HOST, port), _Handler)
        self.door = Door(ports or (self.port,))
        self.gate = gate
        self.store = Store(home / "statements.db")
        self.runner = Runner(self.store, home, objects, installed.has if installed else lambda *_: True)
        interrupted = self.runner.recover()
        if interrupted:
            log.warning("settled %d statements that a crash had interrupted", interrupted)
        self.operations = Operations(self.store, self.runner, gate, region, account, installed, users)
        self.services: dict[str, Operations | ControlPlane] = {"RedshiftData": self.operations}
        if installed:
            self.services["RedshiftServerless"] = ControlPlane(installed, users or Users(), gate, region, account)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        """After serve_forever() has returned: end the statements, close the files."""
        self.server_close()
        self.runner.stop()
        self.store.close()


class _Handler(BaseHTTPRequestHandler):
    server: DataApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75

    def parse_request(self) -> bool:
        """No method gets an answer of ours before the door has let the request in."""
        if not super().parse_request():
            return False
        why = self.server.door.refusal(self.headers.items())
        if why is None:
            return True
        self.close_connection = True
        self._answer(HTTPStatus.FORBIDDEN, {"message": why}, {})
        return False

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(HTTPStatus.OK, {"status": "ok"}, {})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"message": "not found"}, {})

    def do_POST(self) -> None:
        try:
            status, answer, headers = HTTPStatus.OK, self._call(), {}
        except ApiError as error:
            status = HTTPStatus(error.status)
            answer = {"__type": error.code, "Message": error.message, "message": error.message, **error.members}
            headers = {"x-amzn-ErrorType": error.code}
        self._answer(status, answer, headers)

    def _call(self) -> dict[str, Any]:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            raise ApiError(
                "RequestEntityTooLargeException", f"The body must have a length up to {MAX_BODY_BYTES} bytes"
            )
        data = self.rfile.read(int(length))
        target = self.headers.get("x-amz-target", "")
        service = self.server.services.get(target.partition(".")[0])
        if self.path.partition("?")[0] != "/" or service is None:
            raise ApiError("UnknownOperationException", f"Unknown target {target!r}")
        caller = self.server.gate.authenticate(self.path, tuple(self.headers.items()), data)
        try:
            body = json.loads(data)
        except ValueError as error:
            raise ApiError("SerializationException", "The body is not JSON") from error
        if not isinstance(body, dict):
            raise ApiError("SerializationException", "The body is not a JSON object")
        try:
            return service.call(target.partition(".")[2], body, caller)
        except ApiError:
            raise
        except Exception as error:
            log.exception("%s failed", target)
            message = f"{type(error).__name__}: {error}"
            raise ApiError("InternalServerException", message, HTTPStatus.INTERNAL_SERVER_ERROR) from error

    def _answer(self, status: HTTPStatus, answer: dict[str, Any], headers: dict[str, str]) -> None:
        data = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", _CONTENT_TYPE)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
