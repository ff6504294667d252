"""The emulator's front door, an ASGI application around MiniStack's: no request without a signature that holds.

Unsigned come in: calls of a deployed API (API Gateway checks its own keys), a health check that says only that, and
answers to CloudFormation under an address that only the asked function knows. Routes that control the emulator itself
(`/_ministack`, `/_swipeline`, ...) take the root key. CORS headers are given by a deployed API alone.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from ministack.core.sigv4 import decode_header_value

from local.door.answers import refused, service_of
from local.door.origins import Door
from local.door.signature import S3_SCOPES, Holder, Refusal, Request, Resolve, Verified, verify

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH_PATH = "/_ministack/health"
# A token of a presigned address on AWS: a caller that knows it may answer, once.
_CAPABILITIES = re.compile(r"/_ministack/cfn-(?:response|signal)/[\w-]{16,}")
# MiniStack's own routes, and those of other emulators that it serves too.
_CONTROL = re.compile(r"/(?:_[^/]*|health)(?:/.*)?")
_AWS_ROUTES = re.compile(r"/_aws/(?:execute-api|lambda-url)/.*")
_CORS = b"access-control-"

log = logging.getLogger(__name__)
# Whose signature the request in hand bears, for MiniStack, which then need not check it again.
verified_holder: ContextVar[Holder | None] = ContextVar("verified_holder", default=None)


class Gate:
    """Around `app`. `is_api_call(host, path)`: true where a request calls a deployed API; `bucket_of(host)`: S3's."""

    def __init__(
        self,
        app: App,
        door: Door,
        resolve: Resolve,
        is_api_call: Callable[[str, str], object],
        bucket_of: Callable[[str], str | None],
    ) -> None:
        self._app, self._door, self._resolve = app, door, resolve
        self._is_api_call, self._bucket_of = is_api_call, bucket_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = tuple((name.decode("latin-1"), decode_header_value(value)) for name, value in scope["headers"])
        why = self._door.refusal(headers)
        host = next((value for name, value in headers if name.lower() == "host"), "")
        if scope["type"] == "websocket":
            await self._websocket(
                scope, receive, send, allowed=why is None and bool(self._is_api_call(host, scope["path"]))
            )
        elif why is not None:
            await _answer(send, HTTPStatus.FORBIDDEN, {"message": why})
        elif scope["path"] == HEALTH_PATH and scope["method"] in ("GET", "HEAD"):
            await _answer(send, HTTPStatus.OK, {"status": "ok"})
        elif self._is_api_call(host, scope["path"]):
            verified_holder.set(None)
            await self._app(scope, receive, send)
        elif scope["method"] == "PUT" and _CAPABILITIES.fullmatch(scope["path"]):
            verified_holder.set(None)
            await self._app(scope, receive, _without_cors(send))
        else:
            await self._signed(scope, headers, receive, _without_cors(send))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, *, allowed: bool) -> None:
        if allowed:
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008})

    async def _signed(self, scope: Scope, headers: tuple[tuple[str, str], ...], receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            return
        raw_path = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string", b"").decode("latin-1")
        host = next((value for name, value in headers if name.lower() == "host"), "")
        bucket = self._bucket_of(host) or ""
        request = Request(scope["method"], raw_path.decode("latin-1"), query, headers, body, bucket)
        found = verify(request, self._resolve)
        if isinstance(found, Verified):
            found = _for_this_service(request, found) or _for_this_route(scope["path"], found) or found
        if isinstance(found, Refusal):
            log.info("refused %s %s: %s", request.method, scope["path"], found.code)
            await _send(send, *refused(request, found))
            return
        verified_holder.set(found.holder)
        await self._app(scope, _replay(body, receive), send)


def _for_this_service(request: Request, found: Verified) -> Refusal | None:
    """A body that is not signed is S3's alone: nobody may bring one to another service under S3's scope."""
    if found.service not in S3_SCOPES:
        return None
    service = service_of(request, request.values())
    if service.startswith("s3") or service == found.service:
        return None
    return Refusal("SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{service}'.")


def _for_this_route(path: str, found: Verified) -> Refusal | None:
    if not _CONTROL.fullmatch(path) or _AWS_ROUTES.fullmatch(path) or found.holder.arn.endswith(":root"):
        return None
    return Refusal("AccessDenied", "Only the account's root user may control the embedded AWS.")


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when the caller has gone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _without_cors(send: Send) -> Send:
    async def bare(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message["headers"] if not name.lower().startswith(_CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return bare


async def _answer(send: Send, status: HTTPStatus, content: dict[str, str]) -> None:
    await _send(send, int(status), {"Content-Type": "application/json"}, json.dumps(content).encode())


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    named = {name.lower(): value for name, value in headers.items()} | {"content-length": str(len(body))}
    pairs = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
