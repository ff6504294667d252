"""Ports for servers that the tests start."""

from __future__ import annotations

import random
import socket

# Below the ports that Linux gives to outgoing connections (32768 on): one of those may take a port that was just free.
_FIRST, _LAST = 20_000, 32_000


def free_port_pair() -> int:
    """A free port whose successor is free too: MiniStack takes the first, the Redshift Data API the second."""
    for _ in range(100):
        port = random.SystemRandom().randrange(_FIRST, _LAST, 2)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two neighbouring ports are free")
