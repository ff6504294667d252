"""The console's server answers this machine only, gives away no other file, and says in one line what is wrong."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from client.alerts.threshold import Week
from client.aws import Stage
from client.console import server as console_server
from client.console.server import Server
from client.console.watch import Watch
from client.errors import ClientError
from fraud.policy import SCORE, Decision, Policy


class Deaf(Watch):
    """A stage that can't be asked."""

    def dashboards(self) -> list[str]:
        raise ClientError("Stage local does not answer.")

    def dashboard(self, name: str, seconds: int) -> dict[str, Any]:
        return {"name": name, "seconds": seconds}


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server(Deaf(Stage("local")), 0)
    thread = threading.Thread(target=started.serve_forever)
    thread.start()
    yield started
    started.shutdown()
    thread.join()
    started.server_close()


def get(server: Server, path: str, host: str | None = None) -> tuple[int, bytes, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{server.port}"})
    response = connection.getresponse()
    return response.status, response.read(), response.headers


def test_the_page_loads_nothing_from_elsewhere(server: Server) -> None:
    status, body, headers = get(server, "/")
    assert status == 200
    assert b"http://" not in body
    assert b"https://" not in body
    assert "default-src 'none'" in str(headers["Content-Security-Policy"])
    assert get(server, "/console.js")[2]["Content-Type"] == "text/javascript; charset=utf-8"


def test_the_alert_threshold_comes_with_what_others_would_have_given(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = Week((0.1, 0.5, 0.9), (9_000, 800, 150, 50), (), days=5)
    decided = Policy([Decision(100, SCORE, 0.4, "score 0.4", "ann")])
    monkeypatch.setattr(console_server, "last_week", lambda *_: week)
    monkeypatch.setattr(console_server, "decided", lambda _: decided)
    status, body, _ = get(server, "/api/threshold")
    shown = json.loads(body)
    assert (status, shown["in_force"]["threshold"], shown["in_force"]["by"]) == (200, 0.4, "ann")
    assert {0.4, 0.5, 0.9} <= {one["threshold"] for one in shown["outlook"]}


@pytest.mark.parametrize(
    "path", ["/../server.py", "/%2e%2e/server.py", "/server.py", "/static/console.js", "/nothing.js"]
)
def test_no_other_file_is_given(server: Server, path: str) -> None:
    assert get(server, path)[0] == 404


def test_a_page_under_another_name_reads_nothing(server: Server) -> None:
    assert get(server, "/api/stage", host="evil.example")[0] == 403
    assert get(server, "/", host="evil.example")[0] == 403


def test_what_is_wrong_is_said_in_one_line(server: Server) -> None:
    status, body, _ = get(server, "/api/dashboards")
    assert (status, json.loads(body)) == (400, {"error": "Stage local does not answer."})
    assert json.loads(get(server, "/api/dashboard")[1]) == {"error": "name is missing"}
    assert get(server, "/api/nothing")[0] == 404
    assert json.loads(get(server, "/api/dashboard?name=x&seconds=5")[1]) == {"name": "x", "seconds": 60}
