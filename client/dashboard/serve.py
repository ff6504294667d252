"""The page's server: Streamlit in a process of its own, on the loopback address, for one stage."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time

from client.errors import ClientError
from client.serverless import REPOSITORY
from local.extras import ExtrasError, ensure, has
from local.settings import HOST

EXTRA, MODULES = "dashboard", ("streamlit", "altair", "pandas", "vl_convert", "xlsxwriter")
APP = REPOSITORY / "dashboard" / "server.py"
PORT = 8501  # Streamlit's own, and the first that is tried
_TRIED = 20
START_SECONDS = 60.0


def installed() -> bool:
    """True when the page's packages are here."""
    return has(MODULES)


def install() -> None:
    """Fetch them: 120 MB on the disk, once. Raises ClientError."""
    try:
        ensure(EXTRA, MODULES)
    except ExtrasError as error:
        raise ClientError(f"No dashboard: {error}") from error


def port_for(wanted: int | None) -> int:
    """The wanted port, or else the first free one from 8501 on. Raises ClientError when it is taken, or all are."""
    candidates = range(PORT, PORT + _TRIED) if wanted is None else range(wanted, wanted + 1)
    for port in candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    taken = f"Port {wanted} is" if wanted else f"The ports {PORT} to {PORT + _TRIED - 1} are"
    raise ClientError(f"{taken} in use: choose a free port with --port.")


def start(stage: str, port: int, refresh: float) -> subprocess.Popen[bytes]:
    """Start the server; returns its process. ``refresh``: auto-refresh interval in seconds, 0 for none."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    environment |= {
        "SWIPELINE_DASHBOARD_STAGE": stage,
        "SWIPELINE_DASHBOARD_REFRESH": str(refresh),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])),
    }
    # In dashboard/ for its .streamlit/config.toml; the address is here too: no file of the person's may open it up.
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.address", HOST, "--server.port", str(port)]
    return subprocess.Popen(
        command, cwd=APP.parent, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )


def wait(server: subprocess.Popen[bytes], port: int, seconds: float = START_SECONDS) -> None:
    """Until the page answers. Raises ClientError when it does not."""
    deadline = time.monotonic() + seconds
    while not answers(port):
        if server.poll() is not None:
            raise ClientError(f"The dashboard server exited with {server.returncode}: see above.")
        if time.monotonic() > deadline:
            server.terminate()
            raise ClientError(f"The dashboard does not answer after {seconds:.0f} s.")
        time.sleep(0.1)


def answers(port: int) -> bool:
    """True when a page is served there."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address(port: int) -> str:
    """What to open."""
    return f"http://{HOST}:{port}"
