"""The check of a signature by itself: what botocore signs holds, and nothing that was changed since."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from dataclasses import replace
from typing import Any

import botocore.auth
import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.core.sigv4 import derive_signing_key

from local.door.payload import SIGNED_STREAM, SIGNED_STREAM_WITH_TRAILER, ChunkSigner
from local.door.signature import Holder, Refusal, Request, Verified, verify
from tests.security.signing import HOST, signed, spoiled, with_header

KEY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY")
SESSION = Credentials("ASIAIOSFODNN7EXAMPLE", "secret", "token")
NOW = dt.datetime(2026, 11, 30, 12, 0, 0, tzinfo=dt.UTC)
KINDS: dict[str, dict[str, Any]] = {
    "JSON": {
        "service": "kinesis",
        "headers": {"X-Amz-Target": "Kinesis.PutRecords", "Content-Type": "application/json"},
    },
    "query": {"service": "sts", "body": b"Action=GetCallerIdentity", "headers": {"Content-Type": "text/plain"}},
    "REST": {"service": "lambda", "path": "/2015-03-31/functions/a%20b%3A1/invocations?Qualifier=1&b=%2F"},
    "S3": {"service": "s3", "method": "PUT", "path": "/bucket/a%20key/%C3%BC//b?partNumber=1", "body": b"body"},
    "S3, body not signed": {"service": "s3", "method": "PUT", "path": "/bucket/key", "unsigned_body": True},
    "presigned": {"service": "sqs", "method": "GET", "path": "/?Action=ListQueues", "body": b"", "expires": 60},
    "S3, presigned": {
        "service": "s3",
        "method": "GET",
        "path": "/bucket/k%20y?acl",
        "body": b"",
        "expires": 60,
    },
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: NOW.replace(tzinfo=None))


def resolve(access_key_id: str, token: str) -> Holder | Refusal:
    for known in (KEY, SESSION):
        if access_key_id == known.access_key:
            if token != (known.token or ""):
                return Refusal("InvalidToken", "")
            return Holder(access_key_id, known.secret_key, "arn:aws:iam::0:root")
    return Refusal("UnrecognizedClientException", "")


def check(request: Request, seconds: float = 0) -> Verified | Refusal:
    return verify(request, resolve, NOW + dt.timedelta(seconds=seconds))


def code(request: Request, seconds: float = 0) -> str:
    found = check(request, seconds)
    assert isinstance(found, Refusal), found
    return found.code


@pytest.mark.parametrize("credentials", [KEY, SESSION], ids=["key", "session"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_botocore_signs_holds(kind: str, credentials: Credentials) -> None:
    found = check(signed(credentials, **KINDS[kind]))
    assert isinstance(found, Verified), found
    assert found.holder.access_key_id == credentials.access_key


@pytest.mark.parametrize("credentials", [KEY, SESSION], ids=["key", "session"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_was_changed_since_holds(kind: str, credentials: Credentials) -> None:
    tried = 0
    for name, request in spoiled(signed(credentials, **KINDS[kind])):
        assert isinstance(check(request), Refusal), name
        tried += 1
    assert tried > 10


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("S3, body not signed", "S3, presigned")])
def test_another_body_does_not_hold(kind: str) -> None:
    request = signed(KEY, **KINDS[kind])
    assert code(replace(request, body=request.body + b" ")) in ("SignatureDoesNotMatch", "XAmzContentSHA256Mismatch")


def test_only_s3_takes_a_body_that_is_not_signed() -> None:
    for claimed in ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", SIGNED_STREAM, "0" * 63, "", "anything"):
        request = signed(KEY, "dynamodb", headers={"X-Amz-Content-Sha256": claimed})
        assert isinstance(check(replace(request, body=b'{"other": 1}')), Refusal), claimed


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_secret_an_unknown_key_and_a_wrong_token_are_refused(kind: str) -> None:
    assert code(signed(Credentials(KEY.access_key, "wrong"), **KINDS[kind])) == "SignatureDoesNotMatch"
    for name in ("test", "000000000000", "AKIAUNKNOWN"):
        assert code(signed(Credentials(name, "test"), **KINDS[kind])) == "UnrecognizedClientException"
    for token in (None, "other"):
        assert code(signed(Credentials(SESSION.access_key, SESSION.secret_key, token), **KINDS[kind])) == "InvalidToken"
    assert code(signed(Credentials(KEY.access_key, KEY.secret_key, "token"), **KINDS[kind])) == "InvalidToken"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "presigned" not in kind])
def test_a_signature_in_the_header_is_good_for_minutes(kind: str) -> None:
    request = signed(KEY, **KINDS[kind])
    for seconds in (-901, 901, 86_400):
        assert code(request, seconds) == "RequestTimeTooSkewed"
    assert isinstance(check(request, 240), Verified)
    assert isinstance(check(request, -240), Verified)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "presigned" in kind])
def test_a_presigned_request_ends_when_it_says(kind: str) -> None:
    request = signed(KEY, **KINDS[kind])
    assert isinstance(check(request, 59), Verified)
    for seconds in (61, 86_400, -1_000):
        assert code(request, seconds) == "RequestExpired"
    week = signed(KEY, **KINDS[kind] | {"expires": 604_801})
    assert code(week) == "AuthorizationQueryParametersError"


def test_older_and_foreign_schemes_are_refused_by_name() -> None:
    plain = Request("GET", "/bucket/key", "", (("Host", HOST),))
    assert code(plain) == "MissingAuthenticationToken"
    for value in ("Bearer x", "Basic dGVzdDp0ZXN0", "AWS4-ECDSA-P256-SHA256 Credential=a"):
        assert code(with_header(plain, "Authorization", lambda _, v=value: v)) == "UnsupportedSignature"
    for query in (
        "AWSAccessKeyId=AKIA&Signature=x&SignatureVersion=2&SignatureMethod=HmacSHA256",
        "X-Amz-Algorithm=AWS4-HMAC-SHA1&X-Amz-Credential=a&X-Amz-Signature=b",
        "x-amz-credential=a/20261130/us-east-1/s3/aws4_request&x-amz-signature=b",
        "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=a&X-Amz-Signature=b",
    ):
        assert code(replace(plain, query=query)) == "UnsupportedSignature"


def test_s3_s_older_signature_holds_for_s3_alone() -> None:
    target = (("Host", HOST), ("X-Amz-Target", "DynamoDB_20120810.ListTables"))
    for kind in (HmacV1Auth(KEY), HmacV1QueryAuth(KEY, 60)):
        made = AWSRequest("GET", f"http://{HOST}/bucket/a%20key?acl", headers={"x-amz-meta-a": "b"})
        kind.add_auth(made)
        path, _, query = made.url.removeprefix(f"http://{HOST}").partition("?")
        request = Request("GET", path, query, (("Host", HOST), *made.headers.items()))
        now = dt.datetime.now(dt.UTC)
        assert isinstance(verify(request, resolve, now), Verified)
        later = now + dt.timedelta(hours=1)
        for other in (
            replace(request, raw_path="/bucket/other"),
            replace(request, method="DELETE"),
            replace(request, bucket="another"),
            replace(request, query=request.query.replace("acl", "policy", 1)),
            replace(request, headers=(*request.headers, ("x-amz-acl", "public-read"))),
            replace(request, headers=(*request.headers, *target)),
        ):
            assert isinstance(verify(other, resolve, now), Refusal), other
        assert isinstance(verify(request, resolve, later), Refusal)


def chunked(trailer: bool = False) -> Request:
    """An upload signed chunk by chunk, as S3's documentation has it."""
    claimed = SIGNED_STREAM_WITH_TRAILER if trailer else SIGNED_STREAM
    headers = {"X-Amz-Decoded-Content-Length": "70000", "Content-Encoding": "aws-chunked"}

    class Signer(botocore.auth.S3SigV4Auth):
        def payload(self, request: Any) -> str:
            return claimed

    request = AWSRequest("PUT", f"http://{HOST}/bucket/key", data=b"", headers=headers)
    Signer(KEY, "s3", "us-east-1").add_auth(request)
    values = dict(request.headers.items())
    stamp = NOW.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    key = derive_signing_key(KEY.secret_key, stamp[:8], "us-east-1", "s3")
    signer = ChunkSigner(key, stamp, scope, values["Authorization"].rpartition("Signature=")[2])
    body = b""
    for data in (b"a" * 65_536, b"b" * 4_464, b""):
        body += f"{len(data):x};chunk-signature={signer.chunk(data)}\r\n".encode() + data + (b"\r\n" if data else b"")
    if trailer:
        line = b"x-amz-checksum-crc32c:sOO8/Q=="
        body += line + b"\r\nx-amz-trailer-signature:" + signer.trailer(line + b"\n").encode() + b"\r\n"
    return Request("PUT", "/bucket/key", "", (("Host", HOST), *values.items()), body + b"\r\n")


@pytest.mark.parametrize("trailer", [False, True])
def test_an_upload_in_signed_chunks_holds_as_it_is_and_no_byte_may_differ(trailer: bool) -> None:
    request = chunked(trailer)
    assert isinstance(check(request), Verified)
    places = random.Random(7)
    for _ in range(200):
        place = places.randrange(len(request.body) - 2)
        other = bytes([request.body[place] ^ 1])
        changed = replace(request, body=request.body[:place] + other + request.body[place + 1 :])
        assert isinstance(check(changed), Refusal), place
    for cut in (0, 10, 65_000, len(request.body) - 100):
        assert isinstance(check(replace(request, body=request.body[:cut])), Refusal)


def test_a_thousand_random_changes_of_a_signed_request_are_all_refused() -> None:
    request = signed(SESSION, **KINDS["JSON"])
    draw = random.Random(11)
    for _ in range(1000):
        name, value = draw.choice([h for h in request.headers if h[0].lower() not in ("user-agent",)])
        place = draw.randrange(len(value))
        other = chr(draw.randrange(33, 127))
        if value[place].lower() == other.lower() and name == "Host":
            continue
        if value[place] != other:
            changed = with_header(request, name, lambda v, p=place, o=other: v[:p] + o + v[p + 1 :])
            assert isinstance(check(changed), Refusal), (name, value, place, other)


def test_the_hash_of_the_body_is_of_the_body() -> None:
    request = signed(KEY, **KINDS["S3"])
    claimed = dict(request.headers)["X-Amz-Content-SHA256"]
    assert claimed == hashlib.sha256(b"body").hexdigest()
    assert code(replace(request, body=b"evil")) == "XAmzContentSHA256Mismatch"
