"""An API that behaves as `POST /transactions` is specified to, over real HTTP, and fails on demand.

It stores what it accepts once per id and row, honors Idempotency-Key, and answers 202, 207, 400, 403, 413, 422, 503
as the API does. A `fault` decides before each request what goes wrong with it.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API_KEY = "a-key-of-the-test"


@dataclass
class Fault:
    """What goes wrong with one request."""

    status: int | None = None  # answer this and store nothing
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"message": "asked to fail"}'
    reset_before: bool = False  # the connection is reset, nothing is stored
    reset_after: bool = False  # everything is stored, but the answer is lost
    unstored: Callable[[list[int]], list[int]] | None = None  # 503 with some of the good rows not stored


@dataclass
class FakeApi:
    """The server's state: what it stored and what it was asked."""

    fault: Callable[[int], Fault | None] = lambda number: None
    stored: list[str] = field(default_factory=list)  # ids in the order of the stream, repeats included
    requests: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)  # key and rows
    keys: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def answer(self, key: str, body: bytes, fault: Fault | None) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of the answer to one request."""
        if len(body) > 5 * 1024 * 1024:
            return 413, {}, {"message": "over 5 MB"}
        rows = json.loads(body)
        if len(rows) > 1000:
            return 413, {}, {"message": "over 1,000 rows"}
        mark = hashlib.sha256(body).hexdigest()
        with self.lock:
            self.requests.append((key, rows))
            known = self.keys.get(key)
            if known and known != mark:
                return 422, {}, {"message": "used with another body"}
            errors = [{"index": i, **e} for i, row in enumerate(rows) for e in findings(row)]
            bad = {e["index"] for e in errors}
            good = [i for i in range(len(rows)) if i not in bad]
            unstored = fault.unstored(good) if fault and fault.unstored and not known else []
            ids = [None if i in bad or i in unstored else identity(row) for i, row in enumerate(rows)]
            if not known:
                self.stored += [i for i in ids if i]
                if not unstored:
                    self.keys[key] = mark
        content = {
            "request_id": "r",
            "accepted": len([i for i in ids if i]),
            "rejected": len(bad),
            "transaction_ids": ids,
            "errors": errors,
        }
        if known:
            content["duplicate"] = True
        if unstored:
            return 503, {"Retry-After": "1"}, content | {"message": "later", "unstored": unstored}
        return (400 if not good else 207 if bad else 202), {}, content


def identity(row: dict[str, Any]) -> str:
    """The sender's number, or one derived from the content."""
    return row.get("trans_num") or hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]


def findings(row: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A few of the API's own checks."""
    if "E+" in row["cc_num"] or not row["cc_num"].replace(" ", "").isdigit():
        yield {"field": "cc_num", "reason": "the card number has lost digits: export the column as text"}
    if row["amt"].startswith("-"):
        yield {"field": "amt", "reason": "the amount is negative"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: 40 ms for the second one otherwise
    api: FakeApi
    counter: Iterator[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.api.lock:
            number = next(self.counter)
        fault = self.api.fault(number)
        if fault and fault.reset_before:
            self.reset()
        elif fault and fault.status:
            self.reply(fault.status, fault.headers, fault.body)
        elif self.headers.get("x-api-key") != API_KEY:
            self.reply(403, {}, b'{"message": "Forbidden"}')
        else:
            status, headers, content = self.api.answer(self.headers.get("Idempotency-Key", ""), body, fault)
            if fault and fault.reset_after:
                self.reset()
            else:
                self.reply(status, headers, json.dumps(content).encode())

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reset connection is what the tests ask for."""


@contextmanager
def serve(api: FakeApi) -> Iterator[FakeApi]:
    """Serve an API on a free port of loopback."""
    handler = type("Handler", (_Handler,), {"api": api, "counter": iter(range(10**9))})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}/local/transactions"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
