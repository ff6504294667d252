"""The operations of `redshift-serverless` that clients of a warehouse call: what there is, temporary credentials.

https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.model import ServiceModel
from botocore.session import get_session
from botocore.validate import ParamValidator

from local.redshift.auth import Caller, Gate
from local.redshift.errors import ApiError, not_found, validation
from local.redshift.wire.users import DEFAULT_SECONDS, LONGEST_SECONDS, Login, Users

Body = dict[str, Any]
_ARN = "arn:aws:redshift-serverless:{region}:{account}:{kind}/{name}"


@dataclass(frozen=True)
class Installation:
    """What is installed: one workgroup with one database, a namespace of the same name, reached at `host`:`port`."""

    workgroup: str
    database: str
    host: str = "127.0.0.1"
    port: int = 5439
    admin: str = "admin"

    def has(self, workgroup: str, database: str) -> bool:
        """Whether this is the workgroup, and the database that it has from the start."""
        return (workgroup, database) == (self.workgroup, self.database)


class ControlPlane:
    """One method per operation; `call` checks, authorizes and dispatches, as Operations does for the Data API."""

    def __init__(self, installed: Installation, users: Users, gate: Gate, region: str, account: str) -> None:
        self._installed, self._users, self._gate = installed, users, gate
        self._region, self._account = region, account
        self._model: ServiceModel = get_session().get_service_model("redshift-serverless")
        self._methods: dict[str, Callable[[Body, Caller], Body]] = {
            "GetCredentials": self._get_credentials,
            "GetWorkgroup": self._get_workgroup,
            "ListWorkgroups": lambda _, __: {"workgroups": [self._workgroup()]},
            "GetNamespace": self._get_namespace,
            "ListNamespaces": lambda _, __: {"namespaces": [self._namespace()]},
        }

    def call(self, operation: str, body: Body, caller: Caller) -> Body:
        """Raises ApiError."""
        if operation not in self._model.operation_names:
            raise ApiError("UnknownOperationException", f"Unknown operation {operation}")
        if operation not in self._methods:
            raise validation(f"{operation} is not supported by the embedded warehouse: its workgroup is fixed")
        report = ParamValidator().validate(body, self._model.operation_model(operation).input_shape)
        if report.has_errors():
            raise validation(report.generate_report())
        kind, name = self._resource(operation, body)
        self._gate.authorize(caller, f"redshift-serverless:{operation}", self._arn(kind, name) if kind else "*")
        return self._methods[operation](body, caller)

    def _resource(self, operation: str, body: Body) -> tuple[str, str]:
        """(kind, name) of what the operation is about, which has to exist; ("", "") for lists."""
        if operation.startswith("List"):
            return "", ""
        kind = "namespace" if operation == "GetNamespace" else "workgroup"
        name = body.get(f"{kind}Name", "")
        if not name:
            raise validation(f"{kind}Name is required")
        if name != self._installed.workgroup:
            raise not_found(f"The {kind} {name} was not found.", name)
        return kind, name

    def _arn(self, kind: str, name: str) -> str:
        return _ARN.format(region=self._region, account=self._account, kind=kind, name=name)

    def _get_credentials(self, body: Body, caller: Caller) -> Body:
        seconds = body.get("durationSeconds", DEFAULT_SECONDS)
        if not DEFAULT_SECONDS <= seconds <= LONGEST_SECONDS:
            raise validation(f"durationSeconds must be from {DEFAULT_SECONDS} to {LONGEST_SECONDS}")
        login = Login(database_user(caller), self._gate.database_roles(caller))
        made = self._users.issue(login, body.get("dbName"), seconds)
        return {
            "dbUser": made.login.user,
            "dbPassword": made.password,
            "expiration": made.expires,
            "nextRefreshTime": made.expires,
        }

    def _get_workgroup(self, body: Body, caller: Caller) -> Body:
        return {"workgroup": self._workgroup()}

    def _workgroup(self) -> Body:
        name = self._installed.workgroup
        return {
            "workgroupName": name,
            "workgroupArn": self._arn("workgroup", name),
            "workgroupId": _identifier("workgroup", name),
            "namespaceName": name,
            "status": "AVAILABLE",
            "publiclyAccessible": False,
            "endpoint": {"address": self._installed.host, "port": self._installed.port},
            "port": self._installed.port,
            "creationDate": dt.datetime(2024, 1, 1, tzinfo=dt.UTC).isoformat(),
        }

    def _get_namespace(self, body: Body, caller: Caller) -> Body:
        return {"namespace": self._namespace()}

    def _namespace(self) -> Body:
        name = self._installed.workgroup
        return {
            "namespaceName": name,
            "namespaceArn": self._arn("namespace", name),
            "namespaceId": _identifier("namespace", name),
            "dbName": self._installed.database,
            "adminUsername": self._installed.admin,
            "status": "AVAILABLE",
        }


def database_user(caller: Caller) -> str:
    """The database user as whom a caller of IAM logs in: IAMR:role or IAM:user, as on AWS."""
    kind, _, name = caller.arn.rpartition(":")[2].partition("/")
    return f"IAMR:{name.rpartition('/')[2]}" if kind == "role" else f"IAM:{name.rpartition('/')[2] or kind}"


def _identifier(kind: str, name: str) -> str:
    digits = hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
