"""A page of another origin, in a real browser, against every port that listens while everything is started."""

from __future__ import annotations

import base64
import io
import itertools
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from local.credentials import root_key
from local.tests.ports import free_port_pair
from tests.browser.chromium import chromium
from tests.e2e.conftest import stack
from tests.e2e.stack import Stack, wait_until
from tests.security.attacker import NAMES, RESOLVE, attack, served
from tests.security.ports import listening, status, supervisor

__all__ = ["stack"]  # the fixture
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATHS = [
    "/",
    "/health",
    "/_ministack/health",
    "/_ministack/reset",
    "/_ministack/config",
    "/_swipeline/faults",
    "/_swipeline/permissions",
    "/2015-03-31/functions",
    "/api/stage",
    "/api/alarms",
    "/_stcore/stream",
    "/_stcore/health",
    "/_stcore/host-config",
]


@pytest.fixture(scope="module")
def everything(stack: Stack) -> Iterator[dict[int, str]]:
    """Ports and their addresses: the embedded AWS with warm functions, the console, the dashboard."""
    consoles = {"console": free_port_pair(), "dashboard": free_port_pair()}
    started = [stack.start(name, "--no-open", "--port", str(port)) for name, port in consoles.items()]
    try:
        assert stack.post({"transactions": []}).status_code in (200, 202, 400)  # a worker is warm
        for port in consoles.values():
            wait_until(lambda port=port: _answers(port), 60, f"{port} listens")
        found = listening(supervisor(stack.home), *(process.pid for process in started))
        assert {stack.port, stack.port + 1, *consoles.values()} <= set(found), "all of it is started"
        yield found
    finally:
        for process in started:
            process.terminate()
            process.wait(30)


def _speaks_http(port: int) -> bool:
    return status(port, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()) > 0


def _answers(port: int) -> bool:
    try:
        return status(port, f"GET /_stcore/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()) > 0
    except OSError:
        return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(RESOLVE) as found:
        yield found


def attacks(stack: Stack, marker: Path) -> dict[str, Any]:
    """A function that, once it ran, has proven that code runs."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("main.py", f"open({str(marker)!r}, 'w').close()\ndef handler(*_): pass\n")
    return {
        "FunctionName": "attacker",
        "Runtime": "python3.12",
        "Role": "arn:aws:iam::000000000000:role/attacker",
        "Handler": "main.handler",
        "Code": {"ZipFile": base64.b64encode(package.getvalue()).decode()},
        "Sql": "SELECT * FROM read_csv('/etc/passwd')",
        "service": "kinesis",
        "operation": "PutRecords",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_another_origin_gets_nothing_on_any_port(
    stack: Stack, everything: dict[int, str], browser: Browser, name: str, tmp_path: Path
) -> None:
    marker = tmp_path / "code-ran"
    keys = ["test", "000000000000", root_key(stack.home).access_key_id]
    api = stack.url.removeprefix(f"http://127.0.0.1:{stack.port}")
    functions = {one["FunctionName"] for one in stack.client("lambda").list_functions()["Functions"]}
    successes: list[str] = []
    with served() as port, browser.new_context() as profile:
        for victim in everything:
            for host in ("127.0.0.1", "localhost", *(("evil.example",) if name == "evil.example" else ())):
                page = profile.new_page()
                page.goto(f"http://{name}:{port}/")
                body = attacks(stack, marker)
                successes += attack(page, f"http://{host}:{victim}", [*PATHS, api], keys, body)
                page.close()
    assert successes == []
    assert not marker.exists()
    assert {one["FunctionName"] for one in stack.client("lambda").list_functions()["Functions"]} == functions
    assert stack.post([]).status_code != 500, "the stack still works"


def test_a_name_that_was_made_to_point_here_shows_nothing(everything: dict[int, str], browser: Browser) -> None:
    with browser.new_context() as profile:
        for port, path in itertools.product(everything, PATHS):
            page = profile.new_page()
            answers: list[int] = []
            page.on("response", lambda answer, to=answers: to.append(answer.status))
            address = f"http://evil.example:{port}{path}"
            with suppress(PlaywrightError):  # JSON starts a download; the warehouse's wire port does not speak HTTP
                page.goto(address, timeout=10_000)
            assert set(answers) == ({403} if _speaks_http(port) else set()), address
            page.close()


def test_no_port_takes_a_host_an_origin_or_a_site_that_is_not_its_own(everything: dict[int, str]) -> None:
    served_anyway = []
    for port, path in itertools.product(everything, PATHS):
        own = f"Host: 127.0.0.1:{port}"
        foreign = [
            [f"Host: {host}"]
            for host in (
                f"evil.example:{port}",
                "evil.example",
                "127.0.0.1",
                "localhost",
                "127.0.0.1:1",
                f"127.0.0.1.evil.example:{port}",
                f"localhost.:{port}",
                f"127.0.0.2:{port}",
                f"0.0.0.0:{port}",
                f"evil.example@127.0.0.1:{port}",
                "",
            )
        ]
        foreign += [[], [own, f"Host: evil.example:{port}"]]
        for origin in (
            "null",
            "http://evil.example",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            f"http://localhost:{port}",  # not the Host's name: another origin
            f"https://127.0.0.1:{port}",
            f"http://127.0.0.1:{port}.evil.example",
            f"http://127.0.0.1:{port}@evil.example",
            "file://",
            "chrome-extension://abc",
            "",
        ):
            foreign.append([own, f"Origin: {origin}"])
        foreign += [[own, f"Sec-Fetch-Site: {site}"] for site in ("cross-site", "same-site", "Cross-Site", "other")]
        socket = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}"]
        foreign += [[*headers, *socket] for headers in foreign]
        for headers in foreign:
            for method in ("GET", "POST", "OPTIONS") if "Upgrade: websocket" not in headers else ("GET",):
                lines = [f"{method} {path} HTTP/1.1", *headers, "Content-Length: 0", "Connection: close", "", ""]
                found = status(port, "\r\n".join(lines).encode())
                if 100 <= found < 400:
                    served_anyway.append((port, lines, found))
    assert served_anyway == []


KEY = base64.b64encode(bytes(16)).decode()


def test_everything_listens_on_the_loopback_only(everything: dict[int, str]) -> None:
    assert set(everything.values()) == {"127.0.0.1"}


def test_the_attacks_would_be_seen_to_succeed(browser: Browser) -> None:
    """Against a server that is as open as the embedded AWS once was."""
    with served(_Open) as victim, served() as port, browser.new_context() as profile:
        page = profile.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        found = attack(page, f"http://127.0.0.1:{victim}", ["/"], ["test"], {})
    text = "\n".join(found)
    for name in (
        "GET /",
        "simple POST",
        "preflighted POST",
        "signed with nonsense",
        "null 200",
        "access-control",
        "script",
    ):
        assert name in text, text


class _Open(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        for name in ("Origin", "Headers", "Methods"):
            self.send_header(f"Access-Control-Allow-{name}", "*")
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"42")

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def log_message(self, *_: Any) -> None:
        return
