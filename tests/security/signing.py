"""Requests as botocore signs them, and the ways to spoil one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.door.signature import Request

HOST = "127.0.0.1:4566"


def signed(
    credentials: Credentials,
    service: str,
    *,
    method: str = "POST",
    path: str = "/",
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    host: str = HOST,
    region: str = "us-east-1",
    expires: int | None = None,
    unsigned_body: bool = False,
) -> Request:
    """A request signed in its header, or with ``expires`` in its query."""
    request = AWSRequest(method, f"http://{host}{path}", data=body, headers=headers or {})
    signer: Any
    if expires is not None:
        signer = (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(credentials, service, region, expires)
    else:
        signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials, service, region)
        request.context["payload_signing_enabled"] = not unsigned_body
    signer.add_auth(request)
    parts = urlsplit(request.url)
    found = {"Host": host, **dict(request.headers.items())}
    return Request(method, parts.path, parts.query, tuple(found.items()), body)


def with_header(request: Request, name: str, change: Callable[[str], str]) -> Request:
    """The request with one header changed, or added."""
    names = {n.lower() for n, _ in request.headers}
    if name.lower() not in names:
        return replace(request, headers=(*request.headers, (name, change(""))))
    return replace(
        request, headers=tuple((n, change(v) if n.lower() == name.lower() else v) for n, v in request.headers)
    )


def _flipped(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def spoiled(request: Request) -> Iterator[tuple[str, Request]]:
    """What somebody who saw the request could send instead of it."""
    yield "another method", replace(request, method="DELETE" if request.method != "DELETE" else "PUT")
    yield "another path", replace(request, raw_path=request.raw_path.rstrip("/") + "/other")
    yield "another query", replace(request, query=f"{request.query}&x=1" if request.query else "x=1")
    yield "another host", with_header(request, "Host", lambda _: "localhost:4566")
    yield "an AWS header more", with_header(request, "X-Amz-Meta-Evil", lambda _: "1")
    for name, _ in request.headers:
        if name.lower().startswith("x-amz-") or name.lower() == "content-type":
            yield f"another {name}", with_header(request, name, _flipped)
            if name.lower() != "content-type":
                yield f"two {name}", replace(request, headers=(*request.headers, (name, "x")))
    yield from _spoiled_header(request) if "authorization" in request.values() else _spoiled_query(request)


def _spoiled_header(request: Request) -> Iterator[tuple[str, Request]]:
    def authorized(change: Callable[[str], str]) -> Request:
        return with_header(request, "Authorization", change)

    yield "another signature", authorized(_flipped)
    yield "no signature", authorized(lambda value: value.rpartition(", ")[0])
    yield "fewer signed headers", authorized(lambda value: value.replace("host;", "", 1))
    yield "another region", authorized(lambda value: value.replace("us-east-1", "us-west-2"))
    yield "another service", authorized(lambda value: value.replace("/aws4_request", "x/aws4_request"))
    yield "another end", authorized(lambda value: value.replace("aws4_request", "aws5_request"))
    yield "another scheme", authorized(lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"))
    yield "no header", replace(request, headers=tuple(h for h in request.headers if h[0].lower() != "authorization"))


def _spoiled_query(request: Request) -> Iterator[tuple[str, Request]]:
    for name in ("X-Amz-Signature=", "X-Amz-Expires=", "X-Amz-Date=", "X-Amz-Credential="):
        yield f"another {name}", replace(request, query=request.query.replace(name, f"{name}1"))
        yield f"no {name}", replace(request, query=request.query.replace(name, "y="))
        yield f"two {name}", replace(request, query=f"{request.query}&{name}1")
