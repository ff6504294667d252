"""Statements as DescribeStatement and ListStatements show them, and the tokens their pages go by."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from local.redshift.errors import validation
from local.redshift.store import Part, Statement

Body = dict[str, Any]


def part_members(part: Part, identifier: str) -> Body:
    """SubStatementData."""
    members: Body = {
        "Id": identifier,
        "Status": part.status,
        "CreatedAt": part.created,
        "UpdatedAt": part.updated,
        "Duration": part.duration,
        "HasResultSet": part.columns is not None,
        "QueryString": part.sql,
        "RedshiftQueryId": part.query_id,
        "ResultRows": part.rows,
        "ResultSize": part.size if part.columns is not None else (0 if part.status == "FINISHED" else -1),
    }
    return members | ({"Error": part.error} if part.error else {})


def matches(statement: Statement, status: str, name: str | None, body: Body) -> bool:
    """Whether ListStatements' filters let a statement through."""
    given = {key: body[key] for key in ("WorkgroupName", "Database") if key in body}
    return (
        (status == "ALL" or statement.status == status)
        and (not name or statement.request.get("StatementName", "").startswith(name))
        and all(statement.request[key] == value for key, value in given.items())
    )


def listed(statement: Statement) -> Body:
    """StatementData."""
    request = statement.request
    answer: Body = {
        "Id": statement.id,
        "Status": statement.status,
        "CreatedAt": statement.created,
        "UpdatedAt": statement.updated,
        "IsBatchStatement": statement.is_batch,
        "ResultFormat": request.get("ResultFormat", "JSON"),
        "QueryStrings" if statement.is_batch else "QueryString": request["Sqls"]
        if statement.is_batch
        else request["Sql"],
    }
    if statement.session_id:
        answer["SessionId"] = statement.session_id
    for name, member in (("SecretArn",) * 2, ("StatementName",) * 2, ("Parameters", "QueryParameters")):
        if name in request:
            answer[member] = request[name]
    return answer


def page_token(position: int, scope: str) -> str:
    """A NextToken, good for one kind of list or one statement only."""
    digest = hashlib.sha256(scope.encode()).hexdigest()[:16]
    return base64.urlsafe_b64encode(json.dumps([position, digest]).encode()).decode()


def read_page_token(token: str | None, scope: str) -> int:
    """The position in a NextToken, 0 without one. Raises ValidationException for another scope's."""
    if not token:
        return 0
    try:
        position, digest = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise validation("NextToken is not valid") from error
    if digest != hashlib.sha256(scope.encode()).hexdigest()[:16] or not isinstance(position, int):
        raise validation("NextToken belongs to another request")
    return position


def paged(body: Body, member: str, items: list[Any]) -> Body:
    """One page of a list that is whole in memory."""
    start, limit = read_page_token(body.get("NextToken"), member), body.get("MaxResults") or 1000
    answer: Body = {member: items[start : start + limit]}
    if start + limit < len(items):
        answer["NextToken"] = page_token(start + limit, member)
    return answer
