"""Fits MiniStack behind the door: it takes the door's word for who calls, and knows one root key only.

MiniStack takes the key `test`, an account's number and no key at all for the root user, checks no root signature, and
derives a function's session keys from the function's name, which anybody can do.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from local.cloudwatch.replacing import replace
from local.credentials import RootKey
from local.door.gate import verified_holder
from local.door.signature import Holder, Refusal
from local.settings import ACCOUNT_ID

INVOKE = "execute-api:Invoke"


def install(root: RootKey) -> None:
    """Patch the loaded MiniStack. Raises AttributeError when it is not the one this is for."""
    import ministack.app as app
    from ministack.core import iam_evaluator, lambda_runtime
    from ministack.services import lambda_svc, sts

    def is_root(access_key_id: str) -> bool:
        return access_key_id == root.access_key_id

    def never(_access_key_id: str) -> bool:
        return False  # what this decides is whether a signature need not be checked

    pin = iam_evaluator.pin_signed_request

    def pin_unless_verified(method: str, raw_path: str, query: Any, headers: Any, handshake: bool = False) -> None:
        holder = verified_holder.get()
        if holder is None:
            pin(method, raw_path, query, headers, handshake)
            return
        iam_evaluator._signed_request.set(None)
        iam_evaluator._anonymous.set(False)
        iam_evaluator._verified_key.set(holder.access_key_id)

    replace(iam_evaluator, "is_root_access_key", is_root)
    replace(sts, "is_root_access_key", is_root)
    replace(iam_evaluator, "_is_root_key", never)
    replace(iam_evaluator, "pin_signed_request", pin_unless_verified)
    replace(app, "pin_signed_request", pin_unless_verified)
    enforce_api = app._enforce_execute_api

    def enforce_existing(
        api_id: str, stage: str, method: str, path: str, headers: Any, query: Any, iam_action: str = INVOKE
    ) -> Any:
        """A method that the API has not is refused by API Gateway itself, in its own words, and counted."""
        if iam_action == INVOKE and app._execute_api_authorization_type(api_id, stage, method, path) is None:
            return None
        return enforce_api(api_id, stage, method, path, headers, query, iam_action=iam_action)

    replace(app, "_enforce_execute_api", enforce_existing)
    credentials = _execution_credentials(root)
    replace(lambda_runtime, "execution_credentials", credentials)
    replace(lambda_svc, "execution_credentials", credentials)


def resolve(access_key_id: str, token: str) -> Holder | Refusal:
    """Who holds a key of this account: root, an IAM user, or a role's session with its token."""
    from ministack.core.iam_evaluator import (
        AmbiguousAccessKeyError,
        CredentialResolutionError,
        find_iam_access_key_account,
        resolve_credential,
    )
    from ministack.core.responses import _account_from_sts_session

    unknown = Refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
    if not access_key_id:
        return unknown
    try:
        account = _account_from_sts_session(access_key_id) or find_iam_access_key_account(access_key_id) or ACCOUNT_ID
    except AmbiguousAccessKeyError:
        return unknown
    found = resolve_credential(access_key_id, account, token)
    if isinstance(found, CredentialResolutionError):
        # A session's key without its token is to AWS a key that it does not know.
        return unknown if found.code == "InvalidToken" and not token else Refusal(found.code, found.message)
    return Holder(access_key_id, found.secret_access_key, found.principal_arn)


def _execution_credentials(root: RootKey) -> Any:
    """A function's session keys: the same for each of its workers and after a restart, and nobody else's to guess."""
    from ministack.core import lambda_runtime
    from ministack.services import sts

    def credentials(config: dict[str, Any]) -> dict[str, str]:
        account, _region = lambda_runtime._account_region_from_function_config(config)
        role, function = config.get("Role", ""), config.get("FunctionArn", "")
        role_name, session = role.rsplit("/", 1)[-1], config.get("FunctionName", "lambda")[:64]

        def drawn(what: str) -> str:
            text = f"{what}:{function}:{role}".encode()
            return hmac.new(root.secret_access_key.encode(), text, hashlib.sha256).hexdigest()

        key_id = f"ASIA{drawn('id')[:16].upper()}"
        keys = {
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": drawn("secret"),
            "AWS_SESSION_TOKEN": drawn("token"),
        }
        sts.register_session(
            key_id,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session}",
                "UserId": f"{role_name}:{session}",
                "SecretAccessKey": keys["AWS_SECRET_ACCESS_KEY"],
                "SessionToken": keys["AWS_SESSION_TOKEN"],
            },
        )
        return keys

    return credentials
