"""Ports for servers that the tests start."""

from __future__ import annotations

import random
import socket

# Below the ports that Linux gives to outgoing connections (32768 on): one of those may take a port that was just free.
_FIRST, _LAST = 20_000, 32_000


def free_port_pair() -> int:
    """A free port whose successors are free too: MiniStack takes the first, the Redshift Data API the second.

    The third is the warehouse's for PostgreSQL's wire protocol. Ports given out never overlap: they are fours.
    """
    for _ in range(100):
        port = random.SystemRandom().randrange(_FIRST, _LAST, 4)
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            try:
                for offset, probe in enumerate((first, second, third)):
                    probe.bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return port
    raise RuntimeError("no three neighboring ports are free")
