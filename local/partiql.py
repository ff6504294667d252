"""What a DynamoDB request in PartiQL does and on which table, and that IAM asks for the permission to do it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html: each statement needs PartiQLInsert,
PartiQLUpdate, PartiQLDelete or PartiQLSelect on its table or index. MiniStack 1.5.33 would ask for an action of the
request's name, which AWS does not have, on any resource. AWS refuses a batch's statements one by one; here the whole
request is refused, as soon as one of its statements is not permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from local.cloudwatch.replacing import replace
from local.tables.statements import form_of

Check = tuple[str, str]  # action and resource
_ACTIONS = {
    "INSERT": "dynamodb:PartiQLInsert",
    "UPDATE": "dynamodb:PartiQLUpdate",
    "DELETE": "dynamodb:PartiQLDelete",
    "SELECT": "dynamodb:PartiQLSelect",
    "EXISTS": "dynamodb:PartiQLSelect",
}
_REQUESTS = frozenset({"dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement", "dynamodb:ExecuteTransaction"})
_MOST_KNOWN = 1_000  # texts; values are parameters, so there are few


class Target(NamedTuple):
    """The verb of a statement, its table and its index, if any."""

    verb: str
    table: str
    of_index: str | None


_known: dict[str, Target] = {}


def statements_of(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements of a BatchExecuteStatement, an ExecuteTransaction or an ExecuteStatement."""
    many = request.get("Statements") or request.get("TransactStatements") or [request]
    return [one for one in many if isinstance(one, Mapping) and isinstance(one.get("Statement"), str)]


def parsed(statement: Mapping[str, Any]) -> dict[str, Any] | None:
    """A statement as MiniStack will carry it out; None for one that it will refuse."""
    from ministack.services import dynamodb

    try:
        found: dict[str, Any] = dynamodb._parse_partiql(statement["Statement"], statement.get("Parameters") or [])
    except ValueError:
        return None
    return found


def targets(request: Mapping[str, Any]) -> list[Target]:
    """What each statement of a request is about, but for those that are none."""
    found = []
    for statement in statements_of(request):
        text = statement["Statement"]
        if text not in _known:
            if (one := parsed(statement)) is None:
                continue
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[text] = Target(one["op"], one["table"], one.get("index"))
        found.append(_known[text])
    return found


def written_items(request: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Table and item of each INSERT and UPDATE: of an UPDATE, what is known of the item from the statement."""
    found = []
    for statement in statements_of(request):
        form, values = form_of(statement["Statement"]), statement.get("Parameters") or []
        if form and len(values) == len(form.sets) + len(form.wheres):
            set_, where = values[: len(form.sets)], values[len(form.sets) :]
            item = dict(zip(form.wheres, where, strict=True)) | dict(zip(form.sets, set_, strict=True))
            found.append((form.table, item))
            continue
        one = parsed(statement)
        if one and one["op"] == "INSERT":
            found.append((one["table"], one["item"]))
        elif one and one["op"] == "UPDATE":
            item = {name: value for name, operator, value in one["conditions"] if operator == "="}
            item |= {path[0]: value[1] for path, value in one["assignments"] if len(path) == 1 and value[0] == "lit"}
            found.append((one["table"], item))
    return found


def by_statement(
    others: Callable[[str, bytes, str, str], list[Check]], arn_of: Callable[[str, str, str], str]
) -> Callable[[str, bytes, str, str], list[Check]]:
    """MiniStack's checks of a transaction, and beside them those of PartiQL's statements."""

    def checks(action: str, body: bytes, region: str, account: str) -> list[Check]:
        if action not in _REQUESTS:
            return others(action, body, region, account)
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError:
            return []
        about = targets(request) if isinstance(request, dict) else []
        arns = [
            arn_of(one.table, region, account) + (f"/index/{one.of_index}" if one.of_index else "") for one in about
        ]
        return [(_ACTIONS[one.verb], arn) for one, arn in zip(about, arns, strict=True)]

    return checks


def read_once(parse: Callable[[str, list[Any]], dict[str, Any]]) -> Callable[[str, list[Any]], dict[str, Any]]:
    """`parse`, but what it has just parsed is not parsed again: a batch asks three times about each statement."""
    last: tuple[str, Any, dict[str, Any]] = ("", None, {})

    def parsed_once(text: str, parameters: list[Any]) -> dict[str, Any]:
        nonlocal last
        known, its_parameters, found = last
        # The very list, not an equal one: nobody else has it, and it is kept here, so that no other takes its place.
        if not parameters or parameters is not its_parameters or text != known:
            found = parse(text, parameters)
            last = text, parameters, found
        return found

    return parsed_once


def read_less_often() -> None:
    """Put :func:`read_once` in place, and keep the words of a statement's text. Raises AttributeError, as below."""
    from ministack.services import _dynamodb_keywords, dynamodb

    replace(_dynamodb_keywords, "_tokenize", lru_cache(maxsize=_MOST_KNOWN)(_dynamodb_keywords._tokenize))
    replace(dynamodb, "_parse_partiql", read_once(dynamodb._parse_partiql))


def check_each_statement() -> None:
    """Put it in place. Raises AttributeError when MiniStack has these functions no more: is it still needed?"""
    from ministack.core import iam_actions

    ours = by_statement(iam_actions.dynamodb_transaction_checks, iam_actions._dynamodb_table_arn)
    replace(iam_actions, "dynamodb_transaction_checks", ours)
