"""AWS clients for the parts of the embedded AWS: as root, or with a role's temporary credentials."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from local.settings import REDSHIFT_SERVICES, REGION, Settings
from local.trust import trusts

# What AWS, and the emulator after a restart, says to credentials it doesn't know any more.
STALE_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
    }
)
RENEW_BEFORE_SECONDS = 300
# A function may run for 15 minutes; its caller has to wait longer than that.
LONGEST_ANSWER_SECONDS = 910


def error_code(error: ClientError) -> str:
    """AWS's code of an error answer, `AccessDeniedException` and the like."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_code(error: ClientError) -> int:
    """The HTTP status of an error answer; 0 when there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


class Clients:
    """Clients, made once and kept. None of them retries: the callers do, each by its own rules. Safe across threads."""

    def __init__(self, settings: Settings, session_name: str, service: str = "") -> None:
        """``service``, such as firehose.amazonaws.com, is whose clients these are: roles must trust it."""
        self._settings = settings
        self._service = service
        self._session_name = session_name
        self._session = botocore.session.Session()
        self._lock = threading.RLock()
        self._as_root: dict[str, Any] = {}
        self._as_role: dict[tuple[str, str], Any] = {}
        self._credentials: dict[str, tuple[dict[str, str], float]] = {}

    def root(self, service: str) -> Any:
        """A client with the root key: what AWS's own services do without asking IAM, such as invoking a function."""
        with self._lock:
            if service not in self._as_root:
                self._as_root[service] = self._make(service, self._settings.root_key.for_botocore())
            return self._as_root[service]

    def role(self, service: str, role_arn: str) -> Any:
        """A client with the credentials of an assumed role, so that what the role lacks fails as on AWS."""
        with self._lock:
            credentials, expires = self._credentials.get(role_arn, ({}, 0.0))
            if expires - RENEW_BEFORE_SECONDS < time.time():
                self.forget(role_arn)
                credentials = self._assume(role_arn)
            if (service, role_arn) not in self._as_role:
                self._as_role[service, role_arn] = self._make(service, credentials)
            return self._as_role[service, role_arn]

    def credentials(self, role_arn: str) -> dict[str, str]:
        """Fresh credentials of a role, for a process of its own; named as botocore's `create_client` takes them."""
        with self._lock:
            return dict(self._assume(role_arn))

    def forget(self, role_arn: str) -> None:
        """Assume the role again at the next use."""
        with self._lock:
            self._credentials.pop(role_arn, None)
            for key in [key for key in self._as_role if key[1] == role_arn]:
                del self._as_role[key]

    def forget_if_stale(self, role_arn: str, error: Exception) -> None:
        """Assume the role again if an error says that its credentials are no longer known."""
        if isinstance(error, ClientError) and error_code(error) in STALE_CREDENTIALS:
            self.forget(role_arn)

    def _assume(self, role_arn: str) -> dict[str, str]:
        if self._service:
            self._check_trust(role_arn)
        answer = self.root("sts").assume_role(RoleArn=role_arn, RoleSessionName=self._session_name)["Credentials"]
        credentials = {
            "aws_access_key_id": answer["AccessKeyId"],
            "aws_secret_access_key": answer["SecretAccessKey"],
            "aws_session_token": answer["SessionToken"],
        }
        expiration: datetime = answer["Expiration"]
        self._credentials[role_arn] = (credentials, expiration.timestamp())
        return credentials

    def _check_trust(self, role_arn: str) -> None:
        """STS asks no trust policy of root's requests, in whose name these are."""
        role = self.root("iam").get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]
        if not trusts(role["AssumeRolePolicyDocument"], {self._service}):
            message = f"{self._service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": message}}, "AssumeRole")

    def _make(self, service: str, keys: dict[str, str]) -> Any:
        endpoint = self._settings.redshift_endpoint if service in REDSHIFT_SERVICES else self._settings.endpoint
        config = Config(
            region_name=REGION,
            connect_timeout=3,
            read_timeout=LONGEST_ANSWER_SECONDS if service == "lambda" else 60,
            retries={"total_max_attempts": 1},
            tcp_keepalive=True,
            max_pool_connections=32,
            s3={"addressing_style": "path"},
        )
        return self._session.create_client(service, endpoint_url=endpoint, config=config, **keys)
