"""An HTTP proxy on loopback that stands before the embedded AWS and carries out a plan of faults.

Requests pass as they are, Host included: they are signed for the proxy's address, and the emulator checks the
signature against the Host that it sees.
"""

from __future__ import annotations

import http.client
import json
import re
import select
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.chaos.faults import Fault, Plan, answer
from tests.chaos.partial import Refusals

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}
_TABLE = re.compile(r'"swipeline-[a-z]+-([a-z-]+)"')
_BUCKET = re.compile(r"/swipeline-[a-z]+-(lake|quarantine|delivery)-\d+/.+")
LATE_SECONDS = 0.5
# Longer than every read timeout of the functions; a caller that has gone ends the wait sooner.
SILENT_SECONDS = 15.0


def identify(method: str, path: str, target: str, body: bytes = b"") -> tuple[str, str]:
    """(service, operation) of a request; where it matters with the kind of store: PutObject:lake."""
    if target:
        prefix, _, operation = target.partition(".")
        services = {"Kinesis_20131202": "kinesis", "DynamoDB_20120810": "dynamodb", "RedshiftData": "redshift-data"}
        if operation == "BatchWriteItem":
            operation += ":" + "+".join(sorted(table.rsplit("-", 1)[-1] for table in json.loads(body)["RequestItems"]))
        if prefix == "DynamoDB_20120810" and operation == "BatchExecuteStatement":  # the Data API has one of that name
            statements = " ".join(one["Statement"] for one in json.loads(body)["Statements"])
            operation = "Statements:" + "+".join(sorted(set(_TABLE.findall(statements))))
        return services.get(prefix, prefix), operation
    if "/_user_request_/" in path:
        return "api", "Post"
    if path.startswith("/2015-03-31/functions/") and path.endswith("/invocations"):
        return "lambda", "Invoke"
    bucket = _BUCKET.match(path)
    if bucket and method == "PUT":
        return "s3", f"PutObject:{bucket[1]}"
    return "other", method


class FaultProxy:
    """Listens until `stop`; `plan` may be exchanged at any time."""

    def __init__(self, port: int, upstream: int, refusals: Refusals | None = None) -> None:
        self.plan = Plan()
        self.upstream, self.refusals = upstream, refusals
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # at once: an orderly end would be no reset

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # a caller that has gone: what this is about


class _Handler(BaseHTTPRequestHandler):
    """One connection of a caller, and its own connection to the emulator."""

    owner: FaultProxy
    protocol_version = "HTTP/1.1"
    _upstream: http.client.HTTPConnection | None = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        service, operation = identify(self.command, self.path, self.headers.get("x-amz-target", ""), body)
        fault, share, kill_before, kill_after = self.owner.plan.next(operation)
        if kill_before:
            kill_before()
        try:
            self._carry_out(fault, share, service, operation, body)
        finally:
            if kill_after:
                kill_after()

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST

    def _carry_out(self, fault: Fault | None, share: int, service: str, operation: str, body: bytes) -> None:
        refusal = answer(fault, service, operation) if fault else None
        if refusal:
            self._reply(refusal.status, list(refusal.headers.items()), refusal.body)
        elif fault is Fault.RESET_BEFORE:
            self._reset()
        elif fault is Fault.SILENT_BEFORE:
            self._keep_silent()
        elif fault is Fault.PARTIAL and self.owner.refusals:
            status, content = self.owner.refusals.carry_out(operation, body, share)
            self._reply(status, [("Content-Type", "application/x-amz-json-1.1")], content)
        else:
            self._forward(fault, body)

    def _forward(self, fault: Fault | None, body: bytes) -> None:
        try:
            status, headers, content = self._ask(body)
        except (OSError, http.client.HTTPException):
            self._upstream = None
            self._reset()  # what a caller sees of a server that was killed
            return
        if fault is Fault.SLOW:
            time.sleep(LATE_SECONDS)
        elif fault is Fault.RESET_AFTER:
            self._reset()
            return
        elif fault is Fault.SILENT_AFTER:
            self._keep_silent()
            return
        elif fault is Fault.GATEWAY_TIMEOUT:
            self._reply(504, [("Content-Type", "application/json")], b'{"message": "Endpoint request timed out"}')
            return
        self._reply(status, headers, content, cut=fault is Fault.CUT)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._upstream is None:
            self._upstream = http.client.HTTPConnection("127.0.0.1", self.owner.upstream, timeout=900)
        self._upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self._upstream.putheader(name, value)
        if body or self.command in ("POST", "PUT"):
            self._upstream.putheader("Content-Length", str(len(body)))
        self._upstream.endheaders(body or None)
        answered = self._upstream.getresponse()
        content = answered.read()
        if answered.will_close:
            self._upstream.close()
            self._upstream = None
        return answered.status, answered.getheaders(), content

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cut:
            self.wfile.write(body[: len(body) // 2])
            self._reset()
        elif self.command != "HEAD":
            self.wfile.write(body)

    def _keep_silent(self) -> None:
        """Until the caller has had enough."""
        select.select([self.connection], [], [], SILENT_SECONDS)
        self._reset()

    def _reset(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        # With no time to linger, close() sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def finish(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        return
