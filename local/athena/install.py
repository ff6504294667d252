"""Puts our queries in the place of MiniStack's, makes IAM ask for workgroups, and lets templates have named queries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
from botocore.config import Config

from local.athena.operations import Queries, RequestError
from local.cloudwatch.replacing import replace
from local.door.gate import verified_holder
from local.settings import Settings

_SESSION_HEADER = "x-amz-security-token"


def install(settings: Settings, athena: Any, provisioners: Any) -> None:
    """Raises AttributeError when MiniStack has these functions no more."""
    from ministack.core import iam_actions
    from ministack.core.responses import error_response_json, json_response, new_uuid

    queries = Queries(athena._executions, athena._workgroups, new_uuid)
    handle = athena.handle_request

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, params: Any) -> Any:
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if operation not in queries.operations:
            return await handle(method, path, headers, body, params)
        clients = _clients(settings, headers)
        try:  # our own S3 and Glue are asked over HTTP: not on the loop that answers
            return json_response(await asyncio.to_thread(queries.call, operation, json.loads(body or b"{}"), clients))
        except RequestError as error:
            extra = {"AthenaErrorCode": error.code} if error.code else {}
            return error_response_json("InvalidRequestException", str(error), 400, extra=extra)

    replace(athena, "handle_request", handle_request)
    replace(iam_actions, "extract_resource_arn", _resources(iam_actions.extract_resource_arn, queries, athena))
    named = NamedQueries(athena)
    provisioners._RESOURCE_HANDLERS["AWS::Athena::NamedQuery"] = {
        "create": named.create,
        "update": named.update,
        "delete": named.delete,
    }


def _clients(settings: Settings, headers: Mapping[str, str]) -> Callable[[str], Any]:
    """Clients with the caller's own keys, as Athena acts in the caller's name."""
    holder = verified_holder.get()
    if holder is None:
        raise RequestError("The request is not signed")
    keys = {"aws_access_key_id": holder.access_key_id, "aws_secret_access_key": holder.secret}
    if token := next((value for name, value in headers.items() if name.lower() == _SESSION_HEADER), ""):
        keys["aws_session_token"] = token
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=60)
    session = botocore.session.Session()

    def client(service: str) -> Any:
        return session.create_client(service, _region(), endpoint_url=settings.endpoint, config=config, **keys)

    return client


def _region() -> str:
    from ministack.core.responses import get_region

    return str(get_region())


def _resources(extract: Callable[..., str], queries: Queries, athena: Any) -> Callable[..., str]:
    """A query and a named query belong to a workgroup, which is what policies name."""

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, params: Any, region: str, account: str
    ) -> str:
        found = extract(service, method, path, headers, body, params, region, account)
        if service != "athena" or found != "*":
            return found
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            return found
        workgroups = (
            {_workgroup(asked, queries, athena)}
            | {athena._named_queries.get(one, {}).get("WorkGroup") for one in asked.get("NamedQueryIds") or ()}
            | {queries.workgroup_of(one) for one in asked.get("QueryExecutionIds") or ()}
        )
        workgroups.discard(None)
        if len(workgroups) != 1:
            return found
        return f"arn:aws:athena:{region}:{account}:workgroup/{workgroups.pop()}"

    return extract_resource_arn


def _workgroup(asked: Mapping[str, Any], queries: Queries, athena: Any) -> str | None:
    if query_id := asked.get("QueryExecutionId"):
        return queries.workgroup_of(query_id)
    if name := asked.get("NamedQueryId"):
        found = athena._named_queries.get(name, {}).get("WorkGroup")
        return str(found) if found else None
    return None


class NamedQueries:
    """AWS::Athena::NamedQuery; Ref is the query's id, as on AWS. All but name and description change by replacement."""

    def __init__(self, athena: Any) -> None:
        self._athena = athena

    def create(self, logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
        for name in ("Database", "QueryString"):
            if not properties.get(name):
                raise ValueError(f"Property validation failure: [The property {{/{name}}} is required]")
        given = {"Name": logical_id, "WorkGroup": "primary"} | properties
        query_id = str(json.loads(self._athena._create_named_query(given)[2])["NamedQueryId"])
        return query_id, {"NamedQueryId": query_id}

    def update(
        self, physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str
    ) -> tuple[str, dict[str, str]]:
        kept = self._athena._named_queries.get(physical_id)
        if kept is not None and all(
            old.get(name) == new.get(name) for name in ("Database", "QueryString", "WorkGroup")
        ):
            kept |= {"Name": new.get("Name", kept["Name"]), "Description": new.get("Description", "")}
            return physical_id, {"NamedQueryId": physical_id}
        self.delete(physical_id, old)
        return self.create(physical_id, new, stack_name)

    def delete(self, physical_id: str, _: dict[str, Any]) -> None:
        self._athena._named_queries.pop(physical_id, None)
