"""The page's server: on the loopback address, read only, files of the page and JSON of the stage's CloudWatch."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.alerts.threshold import decided, last_week, overview
from client.aws import Stage
from client.console.runbook import entry_for, entry_of
from client.console.watch import Watch
from client.doctor.run import diagnose
from client.errors import ClientError
from client.find.run import Finder
from client.score.run import load_model
from local.door.origins import Door
from local.settings import HOST

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MOST_SECONDS = 15 * 86_400
# A look at everything is some dozens of calls and a log query, which AWS bills by the GB.
LOCAL_SECONDS, AWS_SECONDS = 5.0, 60.0
# Nothing from elsewhere, and nobody may frame it: the page shows what log lines say.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Api:
    """The answers to `/api/...`; parameters come from the address."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._doctor = Repeated(
            lambda: diagnose(watch.stage).as_json(), LOCAL_SECONDS if watch.stage.local else AWS_SECONDS
        )
        self.routes: dict[str, Callable[[dict[str, str]], Any]] = {
            "stage": lambda _: {"stage": watch.stage.name, "region": watch.stage.region, "prefix": watch.prefix},
            "dashboards": lambda _: watch.dashboards(),
            "dashboard": lambda asked: watch.dashboard(asked["name"], _seconds(asked)),
            "doctor": lambda _: self._report(),
            "alarms": lambda _: watch.alarms(),
            "alarm": self._alarm,
            "queries": lambda _: {"queries": watch.queries(), "groups": watch.log_groups()},
            "query": self._query,
            "traces": lambda asked: watch.traces(_seconds(asked), asked.get("filter", "")),
            "trace": lambda asked: watch.trace(asked["id"]),
            "threshold": lambda _: _threshold(watch.stage),
            "find": lambda asked: Finder(watch.stage).find(asked["id"]).as_json(),
        }

    def _report(self) -> dict[str, Any]:
        """The findings, with the runbook's entry of those that have one."""
        report = self._doctor()
        findings = [
            one | {"entry": one["runbook"] and entry_of(one["runbook"], self._watch.stage.name)}
            for one in report["findings"]
        ]
        return report | {"findings": findings}

    def _alarm(self, asked: dict[str, str]) -> dict[str, Any]:
        name, watch = asked["name"], self._watch
        found = [alarm for alarm in watch.alarms() if alarm["name"] == name]
        if not found:
            raise ValueError(f"there is no alarm {name}")
        anchor, text = entry_for(name, watch.prefix, found[0]["description"])
        graph = None if found[0]["composite"] else watch.alarm_graph(name, _seconds(asked))
        return found[0] | {"history": watch.history(name), "runbook": text, "anchor": anchor, "graph": graph}

    def _query(self, asked: dict[str, str]) -> dict[str, Any]:
        groups = [group for group in asked.get("groups", "").split(",") if group]
        end = time.time()
        return self._watch.run_query(groups, asked["query"], end - _seconds(asked), end)


def _threshold(stage: Stage) -> dict[str, Any]:
    model = load_model(None)
    return overview(last_week(stage, model, datetime.now(UTC).date()), decided(stage), model)


class Repeated:
    """Answers a question at most once in ``seconds``, however often it is asked. Safe across threads."""

    def __init__(self, question: Callable[[], dict[str, Any]], seconds: float) -> None:
        self._question, self._seconds = question, seconds
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._answer: dict[str, Any] = {}

    def __call__(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() - self._asked_at >= self._seconds:
                self._answer, self._asked_at = self._question(), time.monotonic()
            return self._answer


def _seconds(asked: dict[str, str]) -> int:
    return max(60, min(MOST_SECONDS, int(asked.get("seconds", "3600"))))


class Handler(BaseHTTPRequestHandler):
    """GET only."""

    server: Server

    def parse_request(self) -> bool:
        """Whatever its method, a request of another site's page, or under a name that is not ours, ends here."""
        if not super().parse_request():
            return False
        why = self.server.door.refusal(self.headers.items())
        if why is None:
            return True
        self.close_connection = True
        self._send(HTTPStatus.FORBIDDEN, "text/plain", why.encode())
        return False

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/api/"):
            self._answer(parts.path.removeprefix("/api/"), {k: v[0] for k, v in parse_qs(parts.query).items()})
        else:
            self._file(parts.path.lstrip("/") or "console.html")

    def _answer(self, name: str, asked: dict[str, str]) -> None:
        route = self.server.api.routes.get(name)
        if route is None:
            self._json(HTTPStatus.NOT_FOUND, {"error": f"there is no /api/{name}"})
            return
        try:
            self._json(HTTPStatus.OK, route(asked))
        except KeyError as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": f"{error.args[0]} is missing"})
        except (ValueError, ClientError) as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except AwsError as error:
            detail = error.response["Error"]
            self._json(HTTPStatus.BAD_GATEWAY, {"error": f"{detail.get('Code')}: {detail.get('Message')}"})
        except BotoCoreError as error:
            hint = "run `swipeline up`" if self.server.local else "check the network"
            self._json(HTTPStatus.BAD_GATEWAY, {"error": f"The stage does not answer: {hint}. ({error})"})

    def _file(self, name: str) -> None:
        path = STATIC / name
        if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.")
            return
        self._send(HTTPStatus.OK, f"{TYPES[path.suffix]}; charset=utf-8", path.read_bytes())

    def _json(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value, default=str).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing per request: the terminal is for what matters."""


class Server(ThreadingHTTPServer):
    """Serves one stage."""

    daemon_threads = True

    def __init__(self, watch: Watch, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.api, self.local = Api(watch), watch.stage.local
        self.port = int(self.server_address[1])
        self.door = Door((self.port,))

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{HOST}:{self.port}"
