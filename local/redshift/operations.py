"""The operations of the Data API: from a validated request to the answer's members."""

from __future__ import annotations

import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from botocore.model import ServiceModel
from botocore.session import get_session

from local.redshift import catalog
from local.redshift.auth import Caller, Gate
from local.redshift.constraints import check_request
from local.redshift.control import Installation, database_user
from local.redshift.database_users import grantee
from local.redshift.errors import ApiError, SqlError, not_found, validation
from local.redshift.leader import compile_all
from local.redshift.members import listed, matches, page_token, paged, part_members, read_page_token
from local.redshift.results import csv_page
from local.redshift.runner import Runner
from local.redshift.store import ACTIVE, Part, Statement, Store
from local.redshift.wire.users import Login, Users

MAX_ACTIVE = 200  # "Maximum number of active queries (STARTED and SUBMITTED) per workgroup: 200"
MAX_SQL_BYTES = 100_000
WORKGROUP_ARN = "arn:aws:redshift-serverless:{region}:{account}:workgroup/{name}"
_UNSUPPORTED = ("DbUser", "ConnectedDatabase", "WithEvent")
_TARGET = ("ClusterIdentifier", "Database", "DbUser", "SecretArn", "WorkgroupName")
_NO_ENDPOINT = "Redshift endpoint doesn't exist in this region."
_LISTS = ("ListStatements", "ListSessions")
_DATABASE = re.compile(r"[a-z_][a-z0-9_-]{0,126}")
_RESERVED = ("temp", "system", "main", "memory")
Body = dict[str, Any]


class Operations:
    """One method per operation, named as the API names it; `call` checks, authorizes and dispatches."""

    def __init__(
        self,
        store: Store,
        runner: Runner,
        gate: Gate,
        region: str,
        account: str,
        installed: Installation | None = None,
        users: Users | None = None,
    ) -> None:
        self._installed, self._users = installed, users or Users()
        self._store, self._runner, self._gate = store, runner, gate
        self._region, self._account = region, account
        self._submitting = threading.Lock()
        self._model: ServiceModel = get_session().get_service_model("redshift-data")
        self._methods: dict[str, Callable[[Body, Caller], Body]] = {
            "ExecuteStatement": self._execute_once,
            "BatchExecuteStatement": self._execute_once,
            "DescribeStatement": self._describe,
            "GetStatementResult": self._result,
            "GetStatementResultV2": self._result_v2,
            "ListSessions": self._list_sessions,
            "ListStatements": self._list_statements,
            "CancelStatement": self._cancel,
            "ListDatabases": self._list_databases,
            "ListSchemas": self._list_schemas,
            "ListTables": self._list_tables,
            "DescribeTable": self._describe_table,
        }

    def call(self, operation: str, body: Body, caller: Caller) -> Body:
        """Raises ApiError."""
        if operation not in self._model.operation_names:
            raise ApiError("UnknownOperationException", f"Unknown operation {operation}")
        if operation not in self._methods:
            raise validation(f"{operation} is not supported by this server")
        check_request(self._model.operation_model(operation).input_shape, body)
        if "SessionId" in body and operation in ("ExecuteStatement", "BatchExecuteStatement"):
            body = self._in_session(body, caller)
        resource = "*"
        if "WorkgroupName" in self._model.operation_model(operation).input_shape.members:
            self._check_common(operation, body)
            if operation not in _LISTS:
                body = body | {"WorkgroupName": _workgroup_name(body["WorkgroupName"])}
                resource = self.workgroup_arn(body["WorkgroupName"])
        owner = None
        if "Id" in body:
            statement = self._store.get(body["Id"].partition(":")[0])
            owner = statement.owner if statement else caller.arn
        self._gate.authorize(caller, f"redshift-data:{operation}", resource, owner)
        if resource != "*":
            self._authorize_connection(caller, body, resource)
        return self._methods[operation](body, caller)

    def workgroup_arn(self, workgroup: str) -> str:
        return WORKGROUP_ARN.format(region=self._region, account=self._account, name=workgroup)

    def _authorize_connection(self, caller: Caller, body: Body, workgroup_arn: str) -> None:
        """Connecting takes a permission of its own: temporary credentials, or reading the secret."""
        if "SecretArn" in body:
            self._gate.authorize(caller, "secretsmanager:GetSecretValue", body["SecretArn"])
        else:
            self._gate.authorize(caller, "redshift-serverless:GetCredentials", workgroup_arn)

    def _check_common(self, operation: str, body: Body) -> None:
        for name in _UNSUPPORTED:
            if body.get(name):
                raise validation(f"{name} is not supported by this server")
        if operation in _LISTS:
            return
        if "ClusterIdentifier" in body:
            both = "WorkgroupName" in body
            raise validation("Specify ClusterIdentifier or WorkgroupName, not both" if both else _NO_ENDPOINT)
        if "WorkgroupName" not in body:
            raise validation("WorkgroupName is required: 3 to 63 lower-case letters, digits and hyphens")
        if self._installed and _workgroup_name(body["WorkgroupName"]) != self._installed.workgroup:
            raise validation(_NO_ENDPOINT)
        database = body.get("Database", "")
        if not _DATABASE.fullmatch(database) or database in _RESERVED:
            raise validation(f"Database {database!r} is not a database name")

    def _in_session(self, body: Body, caller: Caller) -> Body:
        """The request with its session's workgroup, database and login, which it must not name itself."""
        given = [name for name in _TARGET if name in body]
        if given:
            raise validation(f"{', '.join(given)} cannot be specified with SessionId")
        kept = self._runner.sessions.get(body["SessionId"])
        if kept is None or kept.owner != caller.arn:
            raise not_found(f"Session {body['SessionId']} does not exist or has expired.", body["SessionId"])
        return body | kept.target

    def _session_of(self, body: Body, caller: Caller) -> str | None:
        """The session for a new statement: the one it names, or a new one when it is to be kept."""
        keep = body.get("SessionKeepAliveSeconds")
        if "SessionId" in body:
            return self._runner.sessions.take(body["SessionId"], caller.arn, keep).id
        if not keep:
            return None
        target = {str(name): str(body[name]) for name in ("Database", "WorkgroupName", "SecretArn") if name in body}
        return self._runner.sessions.start(caller.arn, target, keep).id

    def _list_sessions(self, body: Body, caller: Caller) -> Body:
        wanted = {name: body[name] for name in ("WorkgroupName", "Database", "Status", "SessionId") if name in body}
        found = [kept.described() for kept in self._runner.sessions.listed(caller.arn)]
        found = [item for item in found if all(item.get(name) == value for name, value in wanted.items())]
        return paged({"MaxResults": 100} | body, "Sessions", found)

    def _execute_once(self, body: Body, caller: Caller) -> Body:
        """Submit; a repeat with the same ClientToken gets the first one's statement."""
        token = body.get("ClientToken")
        request = {key: value for key, value in body.items() if key not in ("ClientToken", "WaitTimeSeconds")}
        with self._submitting:
            statement = self._store.by_token(caller.arn, token) if token else None
            if statement is None:
                statement = self._submit(request, caller, token)
            elif statement.request != request:
                raise validation(f"ClientToken {token} was used with other parameters")
        return self._submitted(statement, body)

    def _submit(self, body: Body, caller: Caller, token: str | None) -> Statement:
        sqls = body["Sqls"] if "Sqls" in body else [body["Sql"]]
        if not 1 <= len(sqls) <= 40:
            raise validation("Sqls must hold 1 to 40 statements")
        for sql in sqls:
            if not sql.strip():
                raise validation("Sql must not be blank")
            if len(sql.encode()) > MAX_SQL_BYTES:
                raise validation(f"Cannot process query string larger than {MAX_SQL_BYTES // 1000}kB")
        work = compile_all(sqls, body.get("Parameters", []))
        login = self._login(body, caller)
        if self._store.active_count() >= MAX_ACTIVE:
            raise ApiError(
                "ActiveStatementsExceededException", f"Active statements exceeded the allowed quota ({MAX_ACTIVE})."
            )
        now = time.time()
        batch = "Sqls" in body
        parts = [
            Part(number, sql, created=now, query_id=random.getrandbits(31))
            for number, sql in enumerate(sqls, start=1 if batch else 0)
        ]
        pid = 2**30 + random.getrandbits(20)
        statement = Statement(str(uuid.uuid4()), body, caller.arn, token, now, pid, parts[-1].query_id, parts)
        statement.principal, statement.session_id = caller.principal_arn, self._session_of(body, caller)
        self._runner.submit(statement, work, login.roles, login.user)
        return statement

    def _login(self, body: Body, caller: Caller) -> Login:
        """The user in the request's secret, or without one the caller. Raises ApiError for a wrong password."""
        if "SecretArn" not in body:
            return Login(database_user(caller), self._gate.database_roles(caller))
        user, password = self._gate.login_in(body["SecretArn"])
        if self._users.is_owner(user, password):
            return Login(user)
        try:
            known = self._runner.database(body["WorkgroupName"], body["Database"]).authenticates(user, password)
        except SqlError as error:
            raise validation(str(error)) from error
        if not known:
            raise validation(f'FATAL: password authentication failed for user "{user}"')
        return Login(user, (grantee(user),))

    def _submitted(self, statement: Statement, body: Body) -> Body:
        answer: Body = {"Id": statement.id, "CreatedAt": statement.created}
        for name in ("Database", "WorkgroupName", "SecretArn"):
            if name in statement.request:
                answer[name] = statement.request[name]
        answer["DbGroups"] = []
        if statement.session_id:
            answer["SessionId"] = statement.session_id
        if "WaitTimeSeconds" in body:
            self._runner.wait(statement.id, body["WaitTimeSeconds"])
            now = self._store.get(statement.id) or statement
            answer |= {"Status": now.status, "HasResultSet": any(p.columns is not None for p in now.parts)}
        return answer

    def _find(self, body: Body, caller: Caller) -> tuple[Statement, Part | None]:
        """The statement, and the part when the id has a suffix. Others' statements are not there for the caller."""
        identifier, _, suffix = body["Id"].partition(":")
        if body.get("WaitTimeSeconds"):
            self._runner.wait(identifier, body["WaitTimeSeconds"])
        statement = self._store.get(identifier)
        if statement is None or statement.owner != caller.arn:
            raise not_found(f"Query {body['Id']} does not exist.", body["Id"])
        if not suffix:
            return statement, None
        for part in statement.parts:
            if statement.is_batch and str(part.number) == suffix:
                return statement, part
        raise not_found(f"Query {body['Id']} does not exist.", body["Id"])

    def _describe(self, body: Body, caller: Caller) -> Body:
        statement, chosen = self._find(body, caller)
        answer: Body = {
            "Id": statement.id,
            "Database": statement.request["Database"],
            "WorkgroupName": statement.request["WorkgroupName"],
            "Status": statement.status,
            "CreatedAt": statement.created,
            "UpdatedAt": statement.updated,
            "Duration": statement.duration,
            "RedshiftPid": statement.pid,
            "ResultFormat": statement.request.get("ResultFormat", "JSON"),
        }
        for name, member in (("SecretArn", "SecretArn"), ("Parameters", "QueryParameters"), ("ExecutionMode",) * 2):
            if name in statement.request:
                answer[member] = statement.request[name]
        if statement.session_id:
            answer["SessionId"] = statement.session_id
        if statement.error:
            answer["Error"] = statement.error
        if chosen:
            return answer | part_members(chosen, f"{statement.id}:{chosen.number}")
        if not statement.is_batch:
            part = part_members(statement.parts[0], statement.id)
            keep = ("HasResultSet", "QueryString", "ResultRows", "ResultSize", "RedshiftQueryId")
            return answer | {name: part[name] for name in keep}
        subs = [part_members(part, f"{statement.id}:{part.number}") for part in statement.parts]
        answer["HasResultSet"] = any(sub["HasResultSet"] for sub in subs)
        answer |= {"RedshiftQueryId": -1, "ResultRows": -1, "ResultSize": -1, "SubStatements": subs}
        return answer

    def _rows(self, body: Body, caller: Caller, result_format: str) -> tuple[Part, list[Any], Body]:
        statement, part = self._find(body, caller)
        stored = statement.request.get("ResultFormat", "JSON")
        if stored != result_format:
            other = "GetStatementResultV2" if stored == "CSV" else "GetStatementResult"
            raise validation(f"The statement's ResultFormat is {stored}: use {other}")
        if part is None and not statement.is_batch:
            part = statement.parts[0]
        if part is None or part.columns is None or part.status != "FINISHED" or statement.status in ACTIVE:
            message = "Query does not have result. Please check query status with DescribeStatement."
            raise not_found(message, body["Id"])
        page = read_page_token(body.get("NextToken"), body["Id"])
        rows, more = self._store.page(statement.id, part.number, page)
        answer: Body = {"ColumnMetadata": part.columns, "TotalNumRows": part.rows}
        if more:
            answer["NextToken"] = page_token(page + 1, body["Id"])
        return part, rows, answer

    def _result(self, body: Body, caller: Caller) -> Body:
        _, rows, answer = self._rows(body, caller, "JSON")
        return {"Records": rows} | answer

    def _result_v2(self, body: Body, caller: Caller) -> Body:
        part, rows, answer = self._rows(body, caller, "CSV")
        return {"Records": [{"CSVRecords": csv_page(part.columns or [], rows)}], "ResultFormat": "CSV"} | answer

    def _cancel(self, body: Body, caller: Caller) -> Body:
        statement, _ = self._find(body, caller)
        if statement.status not in ACTIVE or not self._runner.cancel(statement.id):
            now = self._store.get(statement.id) or statement
            raise validation(f"Could not cancel a query that is already in {now.status} state with ID: {statement.id}")
        return {"Status": True}

    def _list_statements(self, body: Body, caller: Caller) -> Body:
        limit = body.get("MaxResults") or 100
        if limit > 100:
            raise validation("MaxResults must be at most 100")
        last = read_page_token(body.get("NextToken"), "statements") or 2**62
        wanted, name, role = body.get("Status", "FINISHED"), body.get("StatementName"), body.get("RoleLevel", True)
        found: list[Statement] = []
        while len(found) <= limit and (batch := self._store.newest(caller.arn, last, 200)):
            last = batch[-1].seq
            found += [
                s for s in batch if matches(s, wanted, name, body) and (role or s.principal == caller.principal_arn)
            ]
        answer: Body = {"Statements": [listed(s) for s in found[:limit]]}
        if len(found) > limit:
            answer["NextToken"] = page_token(found[limit - 1].seq, "statements")
        return answer

    def _session(self, body: Body) -> Any:
        try:
            return self._runner.database(body["WorkgroupName"], body["Database"]).session()
        except SqlError as error:
            raise ApiError("DatabaseConnectionException", str(error)) from error

    def _list_databases(self, body: Body, caller: Caller) -> Body:
        return paged(body, "Databases", self._runner.names(body["WorkgroupName"]))

    def _list_schemas(self, body: Body, caller: Caller) -> Body:
        with self._session(body) as session:
            names = catalog.list_schemas(session.connection, body.get("SchemaPattern", "%"))
        return paged(body, "Schemas", names)

    def _list_tables(self, body: Body, caller: Caller) -> Body:
        with self._session(body) as session:
            patterns = body.get("SchemaPattern", "%"), body.get("TablePattern", "%")
            return paged(body, "Tables", catalog.list_tables(session.connection, *patterns))

    def _describe_table(self, body: Body, caller: Caller) -> Body:
        if "Table" not in body:
            raise validation("Table is required")
        schema = body.get("Schema", "public")
        with self._session(body) as session:
            try:
                columns = catalog.describe_columns(session.connection, body["Table"], schema)
            except SqlError as error:
                raise not_found(str(error), body["Table"]) from error
        return paged(body, "ColumnList", columns) | {"TableName": body["Table"]}


def _workgroup_name(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]
