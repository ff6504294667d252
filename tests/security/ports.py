"""Every port that processes listen on, found from the processes: a new server is attacked without being named here."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import psutil


def supervisor(home: Path) -> int:
    """The pid of a home's supervisor."""
    return int(json.loads((home / "run" / "supervisor.json").read_text())["pid"])


def listening(*pids: int) -> dict[int, str]:
    """Port to address, of these processes and all below them."""
    found: dict[int, str] = {}
    for pid in pids:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                connections = process.net_connections(kind="inet")
            except psutil.NoSuchProcess:
                continue
            found |= {one.laddr.port: one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
    return found


def status(port: int, request: bytes) -> int:
    """The status of the answer to a raw request; 0 when the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        try:
            line = connection.recv(4096).split(b"\r\n", 1)[0]
        except (ConnectionError, TimeoutError):
            return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/") else 0
