"""The signature of a request, made again by AWS's written rules from what is on the wire."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote, unquote, urlsplit

import boto3
import pytest
import requests
from botocore.exceptions import NoCredentialsError

from client.aws import Stage
from client.signing import Signed

SECRET = "the secret of a test"
URL = "https://abc.execute-api.eu-west-1.amazonaws.com/dev/transactions"


def signature(request: requests.PreparedRequest) -> str:
    """Follow https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=KEY/(\d{8})/eu-west-1/execute-api/aws4_request, SignedHeaders=([a-z0-9;-]+), "
        r"Signature=([0-9a-f]{64})",
        request.headers["Authorization"],
    )
    assert found, request.headers["Authorization"]
    day, names, _ = found.groups()
    parts = urlsplit(str(request.url))
    sent = {name.lower(): value for name, value in request.headers.items()} | {"host": parts.netloc}
    pairs = sorted(p.partition("=")[::2] for p in parts.query.split("&") if p)
    body = request.body or b""
    canonical = "\n".join(
        [
            str(request.method),
            quote(parts.path),
            "&".join(f"{quote(unquote(k), safe='-_.~')}={quote(unquote(v), safe='-_.~')}" for k, v in pairs),
            *(f"{name}:{sent[name].strip()}" for name in names.split(";")),
            "",
            names,
            hashlib.sha256(body if isinstance(body, bytes) else body.encode()).hexdigest(),
        ]
    )
    scope = f"{day}/eu-west-1/execute-api/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{sent['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (day, "eu-west-1", "execute-api", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    assert {"host", "x-amz-date"} <= set(names.split(";"))
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("POST", {"data": b'[{"amt": 1.5}]'}),
        ("GET", {"params": {"merchant": "Kirlin & Söhne +1", "from": "2020-06-21T12:00:00.000Z", "limit": 3}}),
        ("POST", {"json": {"card_number": "x"}}),
    ],
)
def test_a_request_is_signed_as_aws_asks(method: str, more: dict) -> None:
    auth = Signed(boto3.Session("KEY", SECRET, "the token"), "eu-west-1")
    request = requests.Request(method, URL, headers={"x-api-key": "k"}, auth=auth, **more).prepare()
    assert request.headers["X-Amz-Security-Token"] == "the token"
    assert request.headers["x-api-key"] == "k"
    assert request.headers["Authorization"].endswith(signature(request))


def test_without_credentials_nobody_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    session = boto3.Session("KEY", SECRET)
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    with pytest.raises(NoCredentialsError):
        Signed(session, "eu-west-1")


def test_stage_local_asks_for_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Stage("local").api_auth is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert isinstance(Stage("dev").api_auth, Signed)
