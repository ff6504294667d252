"""The X-Ray daemon's UDP protocol on loopback: a header line, then a segment in JSON; one per datagram.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
"""

from __future__ import annotations

import json
import logging
import socket
import threading

import orjson

from local.settings import HOST
from local.xray.store import Traces

log = logging.getLogger(__name__)

LARGEST_DATAGRAM = 65_535
BUFFER_BYTES = 4 * 1024 * 1024


class Daemon:
    """Listens on UDP; the port has the emulator's number, as the real daemon has one number for UDP and TCP."""

    def __init__(self, traces: Traces, port: int) -> None:
        self._traces = traces
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.bind((HOST, port))
        self._socket.settimeout(0.5)
        self._published = False

    def run(self, stopping: threading.Event) -> None:
        """Receive datagrams until stopped."""
        while not stopping.is_set():
            try:
                datagram = self._socket.recv(LARGEST_DATAGRAM)
            except TimeoutError:
                continue
            self.take(datagram)
        self._socket.close()

    def take(self, datagram: bytes) -> None:
        """Keep the segment of one datagram; an unreadable one is dropped, as the daemon does, and logged once."""
        header, _, body = datagram.partition(b"\n")
        try:
            if orjson.loads(header).get("format") != "json":
                raise ValueError("its format is not json")
            self._traces.add(orjson.loads(body))
        except (json.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
            if not self._published:
                log.warning("a datagram to the X-Ray daemon was dropped: %s", error)
                self._published = True
