"""The reading API over HTTP: the function's own code on tables in memory, served on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.transaction.schema import Transaction
from tests.unit.fakes.events import Context
from tests.unit.fakes.query_api import make_api
from tests.unit.fakes.query_table import FakeTables

KEY = "the-readers-key"


@contextmanager
def reading_api(transactions: list[Transaction], refusals: list[int] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve these transactions; give the address and the list of lines asked for. ``refusals`` are answered first."""
    api = make_api(FakeTables(1000).fill(transactions), reader=KEY)
    asked: list[str] = []
    first = list(refusals or [])

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            split = urlsplit(self.path)
            query = parse_qs(split.query, keep_blank_values=True)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            event: dict[str, Any] = {
                "path": split.path,
                "httpMethod": self.command,
                "headers": {"Content-Type": self.headers.get("Content-Type") or "application/json"},
                "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
                "multiValueQueryStringParameters": query or None,
                "requestContext": {"identity": {"apiKeyId": self.headers.get("x-api-key")}},
                "body": body or None,
                "isBase64Encoded": False,
            }
            response, _ = api.respond(event, "request-1", Context())
            status = first.pop(0) if first else response["statusCode"]
            data = response["body"].encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Retry-After", "0.01")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
