"""Who calls and whether they may: the emulator checks the signature, IAM's policies decide."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.redshift.errors import ApiError
from local.redshift.policies import documents, resolved

_SERVICES = {"RedshiftServerless": "redshift-serverless"}
CALLER_PATH = "/_swipeline/caller"
# https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-iam-access-federated-db-roles.html
ROLES_TAG = "RedshiftDbRoles"
CACHE_SECONDS = 5.0
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([\w-]+)/([\w-]+)/aws4_request")
_NOT_FORWARDED = {"connection", "content-length", "transfer-encoding", "accept-encoding", "expect"}
_AUTHENTICATION_ERRORS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True)
class Caller:
    """`arn` is the one policies hang on (a role's for an assumed role), `principal_arn` the session's."""

    arn: str
    principal_arn: str
    is_root: bool


class Gate(Protocol):
    """Raises ApiError (AccessDeniedException and the signature errors) when a caller is not let through."""

    def authenticate(self, path: str, headers: Mapping[str, str], body: bytes) -> Caller: ...

    def authorize(self, caller: Caller, action: str, resource: str, owner: str | None = None) -> None:
        """`owner` is the ARN of who submitted the statement, for actions on one."""

    def database_roles(self, caller: Caller) -> tuple[str, ...] | None:
        """The database roles that the caller's session has; None for the database's owner."""


def access_key_id(headers: Mapping[str, str]) -> str:
    """The access key id in the Authorization header. Raises ApiError as AWS's front does."""
    header = headers.get("authorization", "")
    if not header:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token", HTTPStatus.FORBIDDEN)
    match = _CREDENTIAL.match(header)
    if not match:
        raise ApiError("IncompleteSignatureException", "Authorization header is malformed", HTTPStatus.FORBIDDEN)
    service = _SERVICES.get(headers.get("x-amz-target", "").partition(".")[0], "redshift-data")
    if match[4] != service:
        message = f"Credential should be scoped to correct service: '{service}'."
        raise ApiError("InvalidSignatureException", message, HTTPStatus.FORBIDDEN)
    return match[1]


class EmulatorGate:
    """Asks the emulator at `endpoint`.

    The caller's own request is sent on to the emulator, same Host and body: it doesn't know the target and answers
    400 without an error code, but only after it has checked the signature; a bad one gets its own error. Then who
    holds the key is asked of CALLER_PATH, and what they may do of iam:SimulatePrincipalPolicy. Yes is remembered for
    `CACHE_SECONDS`, no isn't.
    """

    def __init__(self, endpoint: str, region: str, root_key_id: str, root_secret: str) -> None:
        address = urlsplit(endpoint)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        session = boto3.Session(root_key_id, root_secret, region_name=region)
        self._iam = session.client("iam", endpoint_url=endpoint)
        self._lock = threading.Lock()
        self._allowed: dict[tuple[str, str, str, str], float] = {}
        self._callers: dict[str, tuple[float, Caller]] = {}
        self._roles: dict[str, tuple[float, tuple[str, ...] | None]] = {}

    def authenticate(self, path: str, headers: Mapping[str, str], body: bytes) -> Caller:
        key = access_key_id(headers)
        forwarded = {name: value for name, value in headers.items() if name.lower() not in _NOT_FORWARDED}
        status, answer = self._request("POST", path, forwarded, body)
        code = str(answer.get("__type") or answer.get("code") or "").split("#")[-1]
        if code or status in _AUTHENTICATION_ERRORS:
            message = str(answer.get("message") or answer.get("Message") or "")
            raise ApiError(code or "AccessDeniedException", message, status if status >= 400 else HTTPStatus.FORBIDDEN)
        if status != HTTPStatus.BAD_REQUEST:
            # Anything but "unknown target" proves nothing about the signature.
            raise ApiError(
                "InternalServerException", f"The emulator answered {status}", HTTPStatus.INTERNAL_SERVER_ERROR
            )
        return self._caller(key)

    def _caller(self, key: str) -> Caller:
        with self._lock:
            until, caller = self._callers.get(key, (0.0, None))
        if caller and time.monotonic() < until:
            return caller
        status, answer = self._request("GET", f"{CALLER_PATH}?access_key_id={quote(key)}", {}, b"")
        if status != HTTPStatus.OK or "arn" not in answer:
            message = str(answer.get("message") or "The security token included in the request is invalid.")
            raise ApiError("UnrecognizedClientException", message, HTTPStatus.FORBIDDEN)
        arn = str(answer["arn"])
        caller = Caller(arn, str(answer.get("principal_arn", arn)), arn.endswith(":root"))
        with self._lock:
            self._callers[key] = (time.monotonic() + CACHE_SECONDS, caller)
        return caller

    def authorize(self, caller: Caller, action: str, resource: str, owner: str | None = None) -> None:
        if caller.is_root:
            return
        key = (caller.arn, action, resource, owner or "")
        with self._lock:
            if time.monotonic() < self._allowed.get(key, 0.0):
                return
        try:
            decision = self._decision(caller, action, resource, owner)
        except (ClientError, BotoCoreError) as error:
            raise ApiError("InternalServerException", f"IAM: {error}", HTTPStatus.INTERNAL_SERVER_ERROR) from error
        if decision != "allowed":
            raise denied(caller, action, resource, explicit=decision == "explicitDeny")
        with self._lock:
            now = time.monotonic()
            self._allowed = {k: until for k, until in self._allowed.items() if until > now}
            self._allowed[key] = now + CACHE_SECONDS

    def database_roles(self, caller: Caller) -> tuple[str, ...] | None:
        """The roles that the caller's tag names, as on AWS. Without the tag, the owner: on AWS that takes a secret."""
        if caller.is_root:
            return None
        with self._lock:
            until, roles = self._roles.get(caller.arn, (0.0, None))
        if time.monotonic() < until:
            return roles
        kind, name = caller.arn.split(":", 5)[5].split("/", 1)
        name = name.rsplit("/", 1)[-1]
        try:
            answer = (
                self._iam.list_role_tags(RoleName=name) if kind == "role" else self._iam.list_user_tags(UserName=name)
            )
        except (ClientError, BotoCoreError) as error:
            raise ApiError("InternalServerException", f"IAM: {error}", HTTPStatus.INTERNAL_SERVER_ERROR) from error
        tags = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
        roles = tuple(filter(None, tags[ROLES_TAG].split(":"))) if ROLES_TAG in tags else None
        with self._lock:
            self._roles[caller.arn] = (time.monotonic() + CACHE_SECONDS, roles)
        return roles

    def _decision(self, caller: Caller, action: str, resource: str, owner: str | None) -> str:
        what: dict[str, Any] = {"ActionNames": [action], "ResourceArns": [resource]}
        if owner is None:
            answer = self._iam.simulate_principal_policy(PolicySourceArn=caller.arn, **what)
        else:
            # The emulator's simulator takes no ContextEntries, so the key it can't know is resolved here. It gives out
            # no user ids either: ARNs stand for them on both sides.
            found = [resolved(policy, caller.arn, owner) for policy in documents(self._iam, caller.arn)]
            texts = [json.dumps(policy) for policy in found if policy["Statement"]]
            if not texts:
                return "implicitDeny"
            answer = self._iam.simulate_custom_policy(PolicyInputList=texts, **what)
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            data = response.read()
        except OSError as error:
            message = f"The emulator at {self._host}:{self._port} doesn't answer: {error}"
            raise ApiError("InternalServerException", message, HTTPStatus.INTERNAL_SERVER_ERROR) from error
        finally:
            connection.close()
        try:
            answer = json.loads(data)
        except ValueError:
            answer = {}
        return response.status, answer if isinstance(answer, dict) else {}


def denied(caller: Caller, action: str, resource: str, explicit: bool = False) -> ApiError:
    why = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    message = f"User: {caller.principal_arn} is not authorized to perform: {action} on resource: {resource} {why}"
    return ApiError("AccessDeniedException", message)
