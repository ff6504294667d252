"""Which requests may come to a local server at all: only under its own names, and never from another page.

A browser sends `Origin` or `Sec-Fetch-Site` with whatever a page of another origin asks for, and a page that made its
own name point here (DNS rebinding) sends that name as `Host`. Programs send neither header.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

NAMES = ("127.0.0.1", "localhost", "[::1]")
# What MiniStack serves under a name of its own: a bucket (BUCKET.s3.localhost, BUCKET.localhost), an API.
_VIRTUAL = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,127}[a-z0-9])?\.)(?:localhost|127\.0\.0\.1)")
# One each at most: of two values, one server reads the first and another the last.
SINGLE_HEADERS = ("host", "origin", "sec-fetch-site", "authorization")
_OWN_SITE = ("same-origin", "none")  # none: the user's own doing, a typed address


class Door:
    """What a server on these ports lets in. ``virtual_hosts``: it serves buckets and APIs under names of their own."""

    def __init__(self, ports: Collection[int], *, virtual_hosts: bool = False) -> None:
        self._hosts = frozenset(f"{name}:{port}" for name in NAMES for port in ports)
        self._ports = frozenset(f":{port}" for port in ports)
        self._virtual = virtual_hosts

    def refusal(self, headers: Iterable[tuple[str, str]]) -> str | None:
        """Why a request with these headers is refused, for the program's author; None when it is accepted."""
        found: dict[str, str] = {}
        for name, value in headers:
            lower = name.lower()
            if lower in SINGLE_HEADERS:
                if lower in found:
                    return f"The request has more than one {name} header."
                found[lower] = value.strip()
        host = found.get("host", "").lower()
        if not self._is_own(host):
            return "This server answers to its own names only, such as 127.0.0.1 or localhost, with its port."
        origin = found.get("origin")
        if origin is not None and not self._same_origin(origin, host):
            return "Requests from web pages of another origin are refused."
        if found.get("sec-fetch-site", "none").lower() not in _OWN_SITE:
            return "Requests from web pages of another site are refused."
        return None

    def _is_own(self, host: str) -> bool:
        if host in self._hosts:
            return True
        name, colon, port = host.rpartition(":")
        return self._virtual and colon + port in self._ports and _VIRTUAL.fullmatch(name) is not None

    def _same_origin(self, origin: str, host: str) -> bool:
        parts = urlsplit(origin)
        return origin.lower() == f"http://{host}" and parts.netloc.lower() == host
