"""The door before an ASGI application that has no signatures, such as the dashboard: hosts and origins only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from http import HTTPStatus
from typing import Any

from local.door.origins import Door

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Doorkeeper:
    """Middleware: HTTP requests and WebSocket handshakes that the door refuses never reach `app`."""

    def __init__(self, app: App, ports: Collection[int]) -> None:
        self._app, self._door = app, Door(ports)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        why = self._door.refusal((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        if why is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = why.encode()
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": int(HTTPStatus.FORBIDDEN), "headers": headers})
            await send({"type": "http.response.body", "body": body})
