"""A warehouse that knows the Data API's Execute, Describe and COPY with a manifest: it loads the listed files."""

from __future__ import annotations

import gzip
import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.tests.conformance.emulator import Emulator

_COPY = re.compile(r"COPY \S+ .*FROM 's3://(?P<bucket>[^/]+)/(?P<manifest>[^']+)' .* MANIFEST GZIP;", re.DOTALL)


class Warehouse:
    """Listens on the emulator's port + 1 between `start` and `stop`; what it holds outlives both."""

    def __init__(self, emulator: Emulator) -> None:
        self.lines: list[str] = []
        self.statements: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self._emulator = emulator
        self._states: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, str] = {}
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        warehouse = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                answer = json.dumps(warehouse.answer(self.headers["x-amz-target"].split(".")[1], body)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                return

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self._emulator.settings.redshift_port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation == "DescribeStatement":
            return {"Id": body["Id"]} | self._states[body["Id"]]
        assert operation == "ExecuteStatement", operation
        if body["ClientToken"] in self._tokens:
            return {"Id": self._tokens[body["ClientToken"]]}
        statement = self._tokens[body["ClientToken"]] = str(uuid.uuid4())
        self.statements.append(body)
        if self.errors:
            self._states[statement] = {"Status": "FAILED", "Error": self.errors.pop(0)}
        else:
            self.lines += self._copy(body["Sql"])
            self._states[statement] = {"Status": "FINISHED"}
        return {"Id": statement}

    def _copy(self, sql: str) -> list[str]:
        match = _COPY.fullmatch(sql)
        assert match is not None, sql
        s3 = self._emulator.client("s3")
        manifest = json.loads(s3.get_object(Bucket=match["bucket"], Key=match["manifest"])["Body"].read())
        lines = []
        for entry in manifest["entries"]:
            assert entry["mandatory"] is True
            bucket, key = entry["url"].removeprefix("s3://").split("/", 1)
            lines += gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode().splitlines()
        return lines
