"""CloudWatch's wire protocols JSON and query, read into and written from the same plain dictionaries.

The third, CBOR, is refused: boto3, the AWS CLI and CloudFormation don't use it, and it would need a library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

Answer = tuple[int, dict[str, str], bytes]
Operation = Callable[[Mapping[str, Any]], dict[str, Any]]
MiniStackHandler = Callable[..., Answer]
_NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"


class RequestError(ValueError):
    """A request that CloudWatch refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def epoch(value: Any) -> float:
    """A moment in seconds, of any protocol's form. Raises RequestError."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, int | float):
        return float(value)
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        try:
            return float(str(value))
        except ValueError as error:
            raise RequestError("InvalidParameterValue", f"{value!r} is not a time") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def nested(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The form fields of the query protocol (A.member.1.B=v) as dictionaries and lists."""
    tree: dict[str, Any] = {}
    for name, value in parameters.items():
        node = tree
        *path, last = name.split(".")
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value[0] if isinstance(value, list) else value
    listed: dict[str, Any] = _listed(tree)
    return listed


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return {"true": True, "false": False}.get(node, node)
    if set(node) == {"member"} and isinstance(node["member"], dict):
        return [_listed(item) for _, item in sorted(node["member"].items(), key=lambda pair: int(pair[0]))]
    return {name: _listed(value) for name, value in node.items()}


def handler(name: str, operation: Operation) -> MiniStackHandler:
    """An operation in the form that MiniStack's CloudWatch calls."""

    def handle(params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False) -> Answer:
        if is_cbor:
            return failure(
                "UnsupportedProtocol", "The embedded CloudWatch speaks JSON and query, not CBOR", is_json=True
            )
        try:
            answer = operation(data if is_json else nested(params))
        except RequestError as error:
            return failure(error.code, str(error), is_json)
        except (ValueError, KeyError, TypeError) as error:
            text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            return failure("ValidationError", text, is_json)
        return success(name, answer, is_json)

    return handle


def success(name: str, answer: dict[str, Any], is_json: bool) -> Answer:
    """The answer, with datetimes as the protocol wants them."""
    if is_json:
        body = json.dumps(_stamped(answer, lambda at: at.timestamp()))
        return 200, {"Content-Type": "application/json"}, body.encode()
    inner = _xml(_stamped(answer, lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ")))
    text = (
        f'<{name}Response xmlns="{_NAMESPACE}"><{name}Result>{inner}</{name}Result>'
        f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata></{name}Response>"
    )
    return 200, {"Content-Type": "application/xml"}, text.encode()


def failure(code: str, message: str, is_json: bool) -> Answer:
    """An error of the caller's."""
    if is_json:
        headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-errortype": code}
        return 400, headers, json.dumps({"__type": code, "message": message}).encode()
    text = (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
    )
    return 400, {"Content-Type": "application/xml"}, text.encode()


def _stamped(value: Any, form: Callable[[datetime], Any]) -> Any:
    if isinstance(value, datetime):
        return form(value)
    if isinstance(value, dict):
        return {name: _stamped(item, form) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_stamped(item, form) for item in value]
    return value


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))
