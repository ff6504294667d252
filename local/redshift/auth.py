"""Who calls and whether they may: the emulator checks the signature, IAM's policies decide."""

from __future__ import annotations

import base64
import http.client
import json
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local.calls import VERIFY_PATH
from local.clients import Clients
from local.control import call
from local.redshift.errors import ApiError, validation
from local.redshift.policies import documents, resolved
from local.settings import Settings

# https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-iam-access-federated-db-roles.html
ROLES_TAG = "RedshiftDbRoles"
CACHE_SECONDS = 5.0
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Caller:
    """`arn` is the one policies hang on (a role's for an assumed role), `principal_arn` the session's."""

    arn: str
    principal_arn: str
    is_root: bool


class Gate(Protocol):
    """Raises ApiError (AccessDeniedException and the signature errors) when a caller is not let through."""

    def authenticate(self, path: str, headers: Headers, body: bytes) -> Caller:
        """Who signed a POST; `path` may have a query, `headers` are as they came."""

    def authorize(self, caller: Caller, action: str, resource: str, owner: str | None = None) -> None:
        """`owner` is the ARN of who submitted the statement, for actions on one."""

    def database_roles(self, caller: Caller) -> tuple[str, ...] | None:
        """The database roles that the caller's session has; None for the database's owner."""

    def login_in(self, secret_arn: str) -> tuple[str, str]:
        """The user name and password in a secret. Raises ApiError when it cannot be read or holds no login."""


class EmulatorGate:
    """Asks the emulator of these settings.

    It has each request's signature checked there, since the emulator knows the keys (local.door.verifying), and asks
    iam:SimulatePrincipalPolicy what the caller may do. Yes is remembered for `CACHE_SECONDS`, no isn't.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        clients = Clients(settings, "redshift")
        self._iam, self._secrets = clients.root("iam"), clients.root("secretsmanager")
        self._lock = threading.Lock()
        self._allowed: dict[tuple[str, str, str, str], float] = {}
        self._roles: dict[str, tuple[float, tuple[str, ...] | None]] = {}

    def authenticate(self, path: str, headers: Headers, body: bytes) -> Caller:
        raw_path, _, query = path.partition("?")
        request = {
            "method": "POST",
            "path": raw_path,
            "query": query,
            "headers": headers,
            "body": base64.b64encode(body).decode(),
        }
        try:
            status, answer = call(self._settings, "POST", VERIFY_PATH, request)
        except (OSError, http.client.HTTPException) as error:
            message = f"The emulator at {self._settings.endpoint} doesn't answer: {error}"
            raise ApiError("InternalServerException", message, HTTPStatus.INTERNAL_SERVER_ERROR) from error
        if status != HTTPStatus.OK or "arn" not in answer:
            code = str(answer.get("__type") or "").split("#")[-1]
            if not code:
                message = f"The emulator answered {status}"
                raise ApiError("InternalServerException", message, HTTPStatus.INTERNAL_SERVER_ERROR)
            raise ApiError(code, str(answer.get("message") or ""), status)
        arn = str(answer["arn"])
        return Caller(arn, str(answer.get("principal_arn", arn)), arn.endswith(":root"))

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

    def login_in(self, secret_arn: str) -> tuple[str, str]:
        """As it is now: a password that was changed is the new one at once."""
        try:
            secret = json.loads(self._secrets.get_secret_value(SecretId=secret_arn)["SecretString"])
            return str(secret["username"]), str(secret["password"])
        except (ClientError, BotoCoreError) as error:
            raise validation(f"The secret {secret_arn} cannot be read: {error}") from error
        except (ValueError, KeyError, TypeError):
            raise validation(f"The secret {secret_arn} is not a JSON object with username and password") from None

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


def denied(caller: Caller, action: str, resource: str, explicit: bool = False) -> ApiError:
    why = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    message = f"User: {caller.principal_arn} is not authorized to perform: {action} on resource: {resource} {why}"
    return ApiError("AccessDeniedException", message)
