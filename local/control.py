"""Calls of the emulator's own routes, `/_swipeline/...`: signed with the root key, as every call of it is."""

from __future__ import annotations

import http.client
import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.settings import HOST, REGION, Settings

SERVICE = "swipeline"


def call(
    settings: Settings, method: str, path: str, content: Any = None, *, timeout: float = 30.0
) -> tuple[int, dict[str, Any]]:
    """Status and answer of a route. Raises OSError or HTTPException when the emulator can't be reached."""
    body = b"" if content is None else json.dumps(content).encode()
    headers = signed_headers(settings, method, path, body)
    connection = http.client.HTTPConnection(HOST, settings.port, timeout=timeout)
    try:
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    try:
        found = json.loads(data)
    except ValueError:
        found = {}
    return answer.status, found if isinstance(found, dict) else {}


def signed_headers(settings: Settings, method: str, path: str, body: bytes) -> dict[str, str]:
    """The headers that sign such a call with the root key of the home."""
    key = settings.root_key
    request = AWSRequest(method, settings.endpoint + path, data=body)
    SigV4Auth(Credentials(key.access_key_id, key.secret_access_key), SERVICE, REGION).add_auth(request)
    return dict(request.headers.items())
