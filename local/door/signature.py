"""Whether a request was signed by who holds a key: Signature Version 4 in the header or in the query, nothing else.

MiniStack's own check leaves out the root key, requests without a signature to S3, and a body that is not the one whose
hash was signed. Its canonical forms and the cached signing keys are used here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from ministack.core import sigv4

from local.door import payload
from local.door.older import Older, older_signature
from local.door.origins import SINGLE_HEADERS

ALGORITHM = "AWS4-HMAC-SHA256"
# S3 signs its path once encoded; and it alone takes a body that is not signed, or signed in chunks.
S3_SCOPES = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
LONGEST_EXPIRY_SECONDS = 7 * 86_400
_SINGLE = (*SINGLE_HEADERS, "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-target")
_QUERY_NAMES = ("X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential")
_SIGV2_NAMES = ("AWSAccessKeyId", "SignatureVersion")


@dataclass(frozen=True)
class Request:
    """A request as it came: the path still encoded, the query without its question mark, headers in their order."""

    method: str
    raw_path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    bucket: str = ""  # that the host names

    @property
    def is_for_s3(self) -> bool:
        """Whether S3 may be meant: the request names no other service's operation."""
        return "x-amz-target" not in self.values()

    def values(self) -> dict[str, str]:
        """Headers by name in lower case; several of one name joined by commas, as they are signed."""
        found: dict[str, str] = {}
        for name, value in self.headers:
            lower = name.lower()
            found[lower] = f"{found[lower]},{value}" if lower in found else value
        return found


@dataclass(frozen=True)
class Refusal:
    """`code` is the general one; each service has its own word for it (local.door.answers)."""

    code: str
    message: str


@dataclass(frozen=True)
class Holder:
    """Who holds an access key, and the secret to check a signature with."""

    access_key_id: str
    secret: str
    arn: str


@dataclass(frozen=True)
class Verified:
    """A signature that holds. `service` is the one the signature is scoped to."""

    holder: Holder
    service: str


# Of an access key id and a session token ("" for none): who holds them.
Resolve = Callable[[str, str], Holder | Refusal]


def verify(request: Request, resolve: Resolve, now: dt.datetime | None = None) -> Verified | Refusal:
    """Check a request's signature, its time, its session token and its body."""
    names = [name.lower() for name, _ in request.headers]
    for name in _SINGLE:
        if names.count(name) > 1:
            return Refusal("IncompleteSignature", f"The request has more than one {name} header.")
    headers = request.values()
    query = parse_qs(request.query, keep_blank_values=True)
    now = now or dt.datetime.now(dt.UTC)
    older = older_signature(headers, query)
    if older is not None and request.is_for_s3:
        return _verify_older(request, older, headers, query, resolve, now)
    presigned = _is_presigned(headers, query)
    if isinstance(presigned, Refusal):
        return presigned
    parse = sigv4.parse_query_signature(query) if presigned else sigv4.parse_header_signature(headers)
    if isinstance(parse, tuple):
        return Refusal(*parse)
    problem = _scope_problem(parse, query if presigned else headers, presigned=presigned) or _time_problem(
        parse, query, presigned=presigned, now=now
    )
    if problem:
        return problem
    token = query.get("X-Amz-Security-Token", [""])[0] if presigned else headers.get("x-amz-security-token", "")
    holder = resolve(parse.access_key_id, token)
    if isinstance(holder, Refusal):
        return holder
    problem = _unsigned_header(parse, headers) or _check(request, parse, holder, headers, query, presigned=presigned)
    return problem or Verified(holder, parse.service)


def _verify_older(
    request: Request,
    older: Older,
    headers: Mapping[str, str],
    query: Mapping[str, list[str]],
    resolve: Resolve,
    now: dt.datetime,
) -> Verified | Refusal:
    problem = older.time_problem(headers.get("x-amz-date", ""), now)
    if problem:
        return Refusal(problem, "Request has expired")
    token = query.get("x-amz-security-token", [""])[0] if older.presigned else headers.get("x-amz-security-token", "")
    holder = resolve(older.access_key_id, token)
    if isinstance(holder, Refusal):
        return holder
    resource = f"/{request.bucket}{request.raw_path}" if request.bucket else request.raw_path
    if older.holds(request.method, resource, request.query, headers, holder.secret):
        return Verified(holder, "s3")
    return Refusal("SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH)


def _is_presigned(headers: Mapping[str, str], query: Mapping[str, list[str]]) -> bool | Refusal:
    authorization = headers.get("authorization", "")
    lower = {name.lower() for name in query}
    in_query = any(name.lower() in lower for name in _QUERY_NAMES)
    if authorization.startswith("AWS ") or all(name.lower() in lower for name in _SIGV2_NAMES):
        return _unsupported()
    if {"awsaccesskeyid", "signature"} <= lower:  # S3's older presigned form
        return _unsupported()
    if authorization and in_query:
        return Refusal("InvalidArgument", "Only one auth mechanism allowed: the header, or the query string.")
    if authorization:
        if authorization.startswith(f"{ALGORITHM} "):
            return False
        return _unsupported()
    if not in_query:
        return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token")
    if query.get("X-Amz-Algorithm") != [ALGORITHM]:
        return _unsupported()
    if any(len(values) > 1 for name, values in query.items() if name.lower().startswith("x-amz-")):
        return Refusal("IncompleteSignature", "A query parameter of the signature is given twice.")
    return True


def _unsupported() -> Refusal:
    return Refusal("UnsupportedSignature", f"The request signature does not conform to AWS standards: use {ALGORITHM}.")


def _scope_problem(found: Any, source: Mapping[str, Any], *, presigned: bool) -> Refusal | None:
    credential = source["X-Amz-Credential"][0] if presigned else source["authorization"].partition("Credential=")[2]
    if credential.split(",")[0].strip().rpartition("/")[2] != "aws4_request":
        return Refusal("IncompleteSignature", "Credential should be scoped with a valid terminator: 'aws4_request'.")
    if sigv4._amz_datetime(found.amz_date) is None:
        got = found.amz_date[:40]
        return Refusal("IncompleteSignature", f"Date must be in ISO-8601 'basic format'. Got '{got}'.")
    if found.date_stamp != found.amz_date[:8]:
        return Refusal("CredentialDateMismatch", "Date in Credential scope does not match the date of the request.")
    return None


def _time_problem(found: Any, query: Mapping[str, list[str]], *, presigned: bool, now: dt.datetime) -> Refusal | None:
    expires = query.get("X-Amz-Expires", [""])[0] if presigned else ""
    if not presigned or not (expires or found.service in S3_SCOPES):
        skewed = sigv4.request_time_failure(found, now=now)
        return Refusal(*skewed) if skewed else None
    if not (expires.isascii() and expires.isdigit() and 0 < int(expires) <= LONGEST_EXPIRY_SECONDS):
        message = f"X-Amz-Expires must be a number from 1 to {LONGEST_EXPIRY_SECONDS}"
        return Refusal("AuthorizationQueryParametersError", message)
    signed_at = sigv4._amz_datetime(found.amz_date)
    assert signed_at is not None
    if now > signed_at + dt.timedelta(seconds=int(expires)):
        return Refusal("RequestExpired", "Request has expired")
    if signed_at > now + dt.timedelta(minutes=15):
        return Refusal("RequestExpired", "Request is not valid yet")
    return None


def _unsigned_header(found: Any, headers: Mapping[str, str]) -> Refusal | None:
    """AWS wants the host and its own headers to be signed: adding an unsigned one changes the request."""
    signed = set(found.signed_headers.split(";"))
    if "host" not in signed:
        return Refusal("SignatureDoesNotMatch", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    for name in headers:
        if name.startswith("x-amz-") and name not in signed:
            return Refusal(
                "HeadersNotSigned", f"There were headers present in the request which were not signed: {name}"
            )
    return None


def _check(
    request: Request,
    found: Any,
    holder: Holder,
    headers: Mapping[str, str],
    query: Mapping[str, list[str]],
    *,
    presigned: bool,
) -> Refusal | None:
    on_s3 = found.service in S3_SCOPES
    claimed = headers.get("x-amz-content-sha256") or query.get("X-Amz-Content-Sha256", [""])[0]
    computed = not claimed and not on_s3
    if not claimed:
        if on_s3 and not presigned:
            return Refusal("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        claimed = payload.UNSIGNED if on_s3 else hashlib.sha256(request.body).hexdigest()
    elif not _may_claim(claimed, on_s3=on_s3):
        return Refusal(
            "InvalidArgument" if on_s3 else "SignatureDoesNotMatch",
            "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a streaming form, or a valid sha256 value."
            if on_s3
            else sigv4.SIGNATURE_MISMATCH,
        )
    canonical = "\n".join(
        [
            request.method,
            request.raw_path if on_s3 else _normal_path(request.raw_path),
            sigv4.build_canonical_query_string(query, exclude=("x-amz-signature",) if presigned else ()),
            sigv4.build_canonical_headers(headers, found.signed_headers),
            found.signed_headers,
            claimed,
        ]
    )
    to_sign = sigv4.build_string_to_sign(found.amz_date, found.date_stamp, found.region, found.service, canonical)
    return _wrong_signature(request, found, holder, claimed, to_sign) or (
        None if computed else _wrong_body(request, claimed, on_s3=on_s3)
    )


@lru_cache(maxsize=1024)
def _normal_path(raw_path: str) -> str:
    return sigv4.uri_encode(sigv4._remove_dot_segments(raw_path), encode_slash=False)


def _may_claim(claimed: str, *, on_s3: bool) -> bool:
    if payload.SHA256.fullmatch(claimed):
        return True
    streams = (payload.UNSIGNED, payload.UNSIGNED_STREAM, payload.SIGNED_STREAM, payload.SIGNED_STREAM_WITH_TRAILER)
    return on_s3 and claimed in streams


def _wrong_body(request: Request, claimed: str, *, on_s3: bool) -> Refusal | None:
    if not payload.SHA256.fullmatch(claimed) or hashlib.sha256(request.body).hexdigest() == claimed:
        return None
    if not on_s3:
        return Refusal("SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH)
    message = "The provided 'x-amz-content-sha256' header does not match what was computed."
    return Refusal("XAmzContentSHA256Mismatch", message)


def _wrong_signature(request: Request, found: Any, holder: Holder, claimed: str, to_sign: str) -> Refusal | None:
    key = sigv4._cached_signing_key(holder.secret, found.date_stamp, found.region, found.service)
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), found.signature.encode()):
        return Refusal("SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH)
    if claimed.startswith(payload.SIGNED_STREAM):
        scope = f"{found.date_stamp}/{found.region}/{found.service}/aws4_request"
        signer = payload.ChunkSigner(key, found.amz_date, scope, expected)
        trailer = claimed == payload.SIGNED_STREAM_WITH_TRAILER
        if not payload.chunks_are_signed(request.body, signer, trailer=trailer):
            return Refusal("SignatureDoesNotMatch", sigv4.SIGNATURE_MISMATCH)
    return None
