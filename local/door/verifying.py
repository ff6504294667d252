"""`POST /_swipeline/verify`: the Redshift Data API's server has the signature of a request that came to it checked.

The body is {"method", "path", "query", "headers": [[name, value]], "body": Base64}. The answer is who signed it,
{"arn", "principal_arn", "type"}: `arn` can be given to iam:SimulatePrincipalPolicy (for an assumed role it is the
role's), `principal_arn` is what sts:GetCallerIdentity says. A bad signature has the answer that the caller gets.
"""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

from local.door.answers import refused
from local.door.install import resolve
from local.door.signature import Refusal, Request, verify
from local.settings import ACCOUNT_ID

# The services that the embedded warehouse's server answers for, by the beginning of X-Amz-Target.
SERVICES = {"RedshiftData": "redshift-data", "RedshiftServerless": "redshift-serverless"}


def role_arn(principal_arn: str) -> str:
    """The ARN to simulate policies with: arn:aws:sts::1:assumed-role/NAME/SESSION becomes arn:aws:iam::1:role/NAME."""
    _, partition, service, _, account, resource = principal_arn.split(":", 5)
    if service == "sts" and resource.startswith("assumed-role/"):
        return f"arn:{partition}:iam::{account}:role/{resource.split('/')[1]}"
    return principal_arn


def caller(access_key_id: str) -> tuple[HTTPStatus, dict[str, Any]]:
    """Who holds an access key; 404 with AWS's error code when it is unknown or expired."""
    from ministack.core.iam_evaluator import AuthError, resolve_principal

    principal = resolve_principal(access_key_id, ACCOUNT_ID)
    if isinstance(principal, AuthError):
        return HTTPStatus.NOT_FOUND, {"__type": principal.code, "message": principal.message}
    return HTTPStatus.OK, {"arn": role_arn(principal.arn), "principal_arn": principal.arn, "type": principal.type}


def check(body: bytes) -> tuple[int, dict[str, Any], str]:
    """Status and answer, and the access key id of a caller who was recognized."""
    try:
        asked = json.loads(body)
        request = Request(
            str(asked["method"]),
            str(asked["path"]),
            str(asked["query"]),
            tuple((str(name), str(value)) for name, value in asked["headers"]),
            base64.b64decode(asked["body"], validate=True),
        )
    except (ValueError, KeyError, TypeError) as error:
        return HTTPStatus.BAD_REQUEST, {"__type": "ValidationException", "message": f"not a request: {error}"}, ""
    found = verify(request, resolve)
    target = next((value for name, value in request.headers if name.lower() == "x-amz-target"), "")
    service = SERVICES.get(target.partition(".")[0], "redshift-data")
    if not isinstance(found, Refusal) and found.service != service:
        found = Refusal("SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{service}'.")
    if isinstance(found, Refusal):
        status, _, answer = refused(request, found, service)
        return status, json.loads(answer), ""
    key = found.holder.access_key_id
    status, who = caller(key)
    return status, who, key
