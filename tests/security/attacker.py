"""A web page of somebody else's: it tries everything that a page can do against a port of this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, Response

# Under each of these names the page is served: another port of the same name, a name of this machine that anybody
# may use, and a name on the network that leads here (by Chromium's flags, see RESOLVE).
NAMES = ("127.0.0.1", "localhost", "attacker.localhost", "evil.example")
RESOLVE = "--host-resolver-rules=MAP evil.example 127.0.0.1"
REFUSED = 403

_SCRIPT = (Path(__file__).parent / "attacker.js").read_text(encoding="utf-8")


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>attacker</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def served(handler: type[BaseHTTPRequestHandler] = _Blank) -> Iterator[int]:
    """A server on a free port, by default of the attacker's blank page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def queries(access_key_ids: list[str]) -> list[str]:
    """Query strings that name a key and are signed with nonsense: no preflight goes before such a request."""
    found = []
    for key in access_key_ids:
        found.append(
            urlencode(
                {
                    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                    "X-Amz-Credential": f"{key}/20261130/us-east-1/lambda/aws4_request",
                    "X-Amz-Date": "20261130T000000Z",
                    "X-Amz-Expires": "604800",
                    "X-Amz-SignedHeaders": "host",
                    "X-Amz-Signature": "0" * 64,
                }
            )
        )
        found.append(urlencode({"AWSAccessKeyId": key, "Signature": "nonsense", "Expires": "99999999999"}))
    return found


def attack(page: Page, target: str, paths: list[str], keys: list[str], body: dict[str, Any]) -> list[str]:
    """What succeeded of all attacks on `target`: answers that were read, served, or let through by CORS."""
    found: list[str] = []

    def seen(answer: Response) -> None:
        if not answer.url.startswith((target, target.replace("http", "ws"))):
            return
        if answer.status != REFUSED:
            found.append(f"{answer.request.method} {answer.url}: {answer.status}")
        found.extend(f"{answer.url} sends {name}" for name in answer.headers if name.startswith("access-control-"))

    page.on("response", seen)
    try:
        found += page.evaluate(
            _SCRIPT,
            {
                "target": target,
                "paths": paths,
                "queries": queries(keys),
                "body": json.dumps(body),
                "headers": {
                    "Authorization": f"AWS4-HMAC-SHA256 Credential={keys[0]}/20261130/us-east-1/lambda/aws4_request, "
                    f"SignedHeaders=host, Signature={'0' * 64}",
                    "X-Amz-Target": "DynamoDB_20120810.ListTables",
                    "Content-Type": "application/x-amz-json-1.0",
                },
            },
        )
    finally:
        page.remove_listener("response", seen)
    return found
